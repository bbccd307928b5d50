#include <algorithm>
#include <filesystem>
#include <optional>
#include <ostream>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/item_printing.h"
#include "cli/target.h"
#include "cli/transfer.h"
#include "http/url.h"
#include "json/object_writer.h"
#include "json/writer.h"
#include "toolkit/expression_words.h"
#include "toolkit/plain_json.h"
#include "toolkit/stream_reader.h"
#include "toolkit/table_copy.h"
#include "toolkit/table_diff.h"
#include "toolkit/table_follow.h"
#include "toolkit/table_info.h"
#include "toolkit/tables.h"
#include "toolkit/text_table.h"

/// stator copy, diff: whole tables on any two endpoints.
namespace stator::cli {
namespace {

namespace fs = std::filesystem;

/// An endpoint that both sides of a copy use: a data directory can be opened only once.
class SharedEndpoint : public endpoint::Endpoint {
 public:
  explicit SharedEndpoint(std::shared_ptr<endpoint::Endpoint> inner) : inner_(std::move(inner)) {}
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override { inner_->call(request, reply); }
  [[nodiscard]] endpoint::Effort effort(std::string_view operation) const override { return inner_->effort(operation); }
  [[nodiscard]] std::string describe() const override { return inner_->describe(); }

 private:
  std::shared_ptr<endpoint::Endpoint> inner_;
};

/// One side of a copy: "TABLE" (on the endpoint of the session), "prod:TABLE", "http://host:8000/TABLE", "DIR/TABLE".
struct Side {
  Session session;
  std::string table;
  std::shared_ptr<endpoint::Endpoint> shared;
  std::unique_ptr<endpoint::Endpoint> endpoint;

  [[nodiscard]] std::string describe() const { return table + " (" + endpoint->describe() + ")"; }
};

bool leads_to_the_same(const Session& one, const Session& other) {
  std::error_code error;
  return one.prod == other.prod && one.endpoint_url == other.endpoint_url &&
         fs::weakly_canonical(one.data_directory, error) == fs::weakly_canonical(other.data_directory, error);
}

/// Throws if prod:TABLE and TABLE lead to the same endpoint, as they do if one other than AWS is configured
/// (docs/prod.md). The user meant two databases, and would compare a table with itself.
void refuse_one_place_for_two(const Session& session, const std::string& source, const std::string& destination) {
  const auto is_of_prod = [](const std::string& place) { return place.starts_with("prod:"); };
  const auto is_plain = [&](const std::string& place) {
    return !is_of_prod(place) && place.find('/') == std::string::npos;
  };
  const bool are_both = (is_of_prod(source) && is_plain(destination)) || (is_plain(source) && is_of_prod(destination));
  if (!are_both || session.endpoint_url.empty() || session.production) return;
  throw toolkit::WordError("prod: leads to " + session.endpoint_url +
                           ", too, as --endpoint-url, AWS_ENDPOINT_URL or the profile says; leave that out and give "
                           "the other table as " +
                           session.endpoint_url + "/TABLE");
}

/// Splits "http://host:8000/shop" and "DIR/shop" into the place and the table.
void read_place(const std::string& place, bool is_written, Side& side) {
  if (place.starts_with("arn:"))
    throw toolkit::WordError("\"" + place + "\": give TABLE, prod:TABLE, http://HOST:PORT/TABLE or DIR/TABLE");
  const std::size_t scheme = place.find("://");
  const bool is_url = !http::scheme_of(place).empty();
  const std::size_t slash = place.rfind('/');
  if (slash == std::string::npos) return;
  if (scheme != std::string::npos && slash < scheme + 3)
    throw toolkit::WordError("\"" + place + "\" names no table; give " + place + "/TABLE");
  const std::string where = place.substr(0, slash);
  side.table = place.substr(slash + 1);
  side.session.prod = false;
  side.session.endpoint_url = is_url ? where : std::string();
  if (is_url) return;
  side.session.data_directory = where.empty() ? "/" : where;
  check_directory(side.session.data_directory, is_written);
}

/// `writes`: the words for what will be done to the table, for the question before it; empty if the side is only read.
/// `other`: the side that is already open, or null.
Side open_side(const Session& session, const std::string& place, const std::string& writes, const Side* other) {
  Side side{session, place, nullptr, nullptr};
  if (place.starts_with("prod:")) {
    side.session.prod = true;
    side.table = place.substr(5);
  } else {
    read_place(place, !writes.empty(), side);
  }
  if (side.table.empty()) throw toolkit::WordError("\"" + place + "\" names no table");
  side.session.production = remote::is_production(target_options(side.session));
  if (writes.empty()) {
    side.session.read_only = true;
  } else {
    ask_to_write(side.session, writes + " " + side.table, side.table);
  }
  side.shared = other != nullptr && leads_to_the_same(side.session, other->session)
                    ? other->shared
                    : std::shared_ptr(remote::open_target(target_options(side.session)));
  side.endpoint = guard_confirmed(side.session, std::make_unique<SharedEndpoint>(side.shared),
                                  writes.empty() ? std::string() : side.table);
  return side;
}

struct CopyCommandOptions {
  std::string source;
  std::string destination;
  std::uint32_t segments = 4;
  double rate = 0;
  bool no_verify = false;
  bool restart = false;
  bool follow = false;
  bool until_caught_up = false;
};

/// One copy: of all items and then, with --follow, of each change.
class Copy {
 public:
  Copy(Session& session, const CopyCommandOptions& options)
      : session_(session),
        options_(options),
        source_(open_side(session, options.source, {}, nullptr)),
        destination_(open_side(session, options.destination, "copying into table", &source_)) {
    source_.endpoint = paced(std::move(source_.endpoint), options.rate);
    destination_.endpoint = paced(std::move(destination_.endpoint), session.dry_run ? 0 : options.rate);
  }

  void run() {
    const bool is_same =
        source_.endpoint->describe() == destination_.endpoint->describe() && source_.table == destination_.table;
    if (is_same) throw toolkit::WordError("source and destination are the same table");
    from_ = toolkit::describe_table(*source_.endpoint, source_.table);
    find_destination();
    find_state();
    make_destination();
    state_.tables = {from_.identity, to_->identity};
    copy_items();
    if (session_.dry_run) return;
    if (options_.follow) {
      follow();
    } else {
      file_.remove();
      if (!options_.no_verify) verify(state_.total());
    }
    if (session_.output == OutputFormat::kJson) print_outcome();
  }

 private:
  void print_outcome() const {
    std::string outcome;
    json::ObjectWriter writer(outcome);
    writer.text("TableName", destination_.table);
    writer.integer("Items", static_cast<std::int64_t>(state_.total().items));
    writer.integer("EarlierItems", static_cast<std::int64_t>(earlier_items_));
    if (options_.follow) writer.integer("Changes", static_cast<std::int64_t>(changes_));
    // Present if the tables were compared.
    if (!checksum_.empty()) writer.text("Checksum", checksum_);
    writer.end();
    print_json(session_, outcome);
  }

  void say(const std::string& text) const {
    if (!session_.quiet) *session_.err << text << "\n";
  }

  void find_state() {
    const std::string identity = source_.describe() + " to " + destination_.describe();
    if (!session_.dry_run) saved_progress_ = SavedProgress(session_, "copy", identity);
    file_ = saved_progress_.file();
    if (options_.restart) file_.remove();
    const auto earlier = find_interrupted_transfer(session_, "copy", file_,
                                                   {{*source_.endpoint, from_, source_.describe(), false},
                                                    {*destination_.endpoint, to_, destination_.describe(), true}});
    if (earlier) {
      if (earlier->follow.has_value() != options_.follow)
        throw CommandError(std::string("stator: this copy was started with") + (options_.follow ? "out" : "") +
                           " --follow; continue that way, or start over with --restart");
      state_ = *earlier;
      return;
    }
    state_ = toolkit::begin_copy(options_.segments);
    if (options_.follow) state_.follow = toolkit::begin_follow(*source_.endpoint, from_, core::Clock::system());
  }

  void find_destination() {
    const std::vector<std::string> names = toolkit::list_tables(*destination_.endpoint);
    if (std::ranges::find(names, destination_.table) != names.end())
      to_ = toolkit::describe_table(*destination_.endpoint, destination_.table);
  }

  void make_destination() {
    if (!to_) {
      toolkit::create_table(*destination_.endpoint, destination_.table,
                            toolkit::create_request_like(from_, destination_.table));
      say("created table " + destination_.describe());
      to_ = toolkit::describe_table(*destination_.endpoint, destination_.table);
    }
    if (from_.key_names() != to_->key_names())
      throw CommandError("stator: nothing was copied: the tables have different keys");
  }

  void copy_items() {
    earlier_items_ = state_.total().items;
    const bool was_finished = std::ranges::all_of(state_.segments, &toolkit::SegmentState::finished);
    try {
      Rate rate(session_, "copied", from_.item_count);
      toolkit::copy_table(
          *source_.endpoint, from_, *destination_.endpoint, *to_, state_, file_,
          [&rate](std::uint64_t items) {
            rate.show(items);
            Interrupt::check();
          },
          Interrupt::sleep);
    } catch (const toolkit::OperationError& error) {
      throw CommandError(toolkit::describe(error) + saved_progress_.hint());
    } catch (const Interrupted&) {
      throw CommandError(
          "stator: interrupted: copied " + counted(state_.total().items, "item") + saved_progress_.hint(),
          kInterruptedExit);
    }
    if (session_.dry_run || was_finished) return;
    std::string text = "copied " + counted(state_.total().items, "item") + " from " + source_.describe() + " to " +
                       destination_.describe();
    if (earlier_items_ > 0) text += ", " + std::to_string(earlier_items_) + " of them earlier";
    say(text);
  }

  void follow() {
    toolkit::FollowOptions follow;
    follow.until_caught_up = options_.until_caught_up;
    follow.sleep = Interrupt::sleep;
    follow.jobs = options_.segments;
    toolkit::FollowProgress last;
    ProgressBar bar(*session_.err, session_.err_is_terminal);
    bool was_caught_up = false;
    int faults = 0;
    std::uint64_t earlier = 0;
    const auto show = [&](const toolkit::FollowProgress& progress) {
      last = progress;
      last.changes += earlier;
      changes_ = last.changes;
      faults = 0;
      bar.show_text("following: " + progress_text(last));
      if (progress.idle_rounds > 0 && !was_caught_up) {
        bar.clear();
        was_caught_up = true;
        say("caught up with " + source_.describe() + ": " + progress_text(last));
      }
      Interrupt::check();
    };
    try {
      // Changes applied before a fault count, too.
      while (!follow_until_fault(follow, show, faults, bar)) earlier = last.changes;
      bar.clear();
    } catch (const Interrupted&) {
      bar.clear();
      session_.exit_code = last.lag_seconds == 0 ? 0 : kInterruptedExit;
      return say("ended: " + progress_text(last) + saved_progress_.hint());
    } catch (const toolkit::StreamGap& error) {
      throw CommandError(std::string("stator: changes were lost: ") + error.what() +
                         "; copy the table again with --restart");
    } catch (const toolkit::OperationError& error) {
      throw CommandError(toolkit::describe(error) + saved_progress_.hint());
    }
    say("followed to the end: " + progress_text(last));
    if (!options_.no_verify) {
      Rate rate(session_, "verified in the source", state_.total().items);
      verify(checksum(source_, rate));
    }
    file_.remove();
  }

  /// Returns false if an endpoint could not be reached and the copy is to continue after the last applied change: in
  /// days of following there are restarts and broken connections.
  bool follow_until_fault(const toolkit::FollowOptions& options,
                          const std::function<void(const toolkit::FollowProgress&)>& show, int& faults,
                          ProgressBar& bar) {
    try {
      toolkit::follow_table(*source_.endpoint, from_, *destination_.endpoint, *to_, state_, file_, options, show);
      return true;
    } catch (const toolkit::OperationError& error) {
      if (!toolkit::is_transient(error) || ++faults >= toolkit::kMostFaultsOfAnOutage) throw;
      bar.clear();
      if (faults == 1) say("waiting: " + toolkit::describe(error));
    }
    Interrupt::sleep(toolkit::kBetweenFaults);
    return false;
  }

  static std::string progress_text(const toolkit::FollowProgress& progress) {
    return counted(progress.changes, "change") + " applied, " +
           (progress.lag_seconds == 0 ? "nothing behind" : std::to_string(progress.lag_seconds) + " s behind");
  }

  [[nodiscard]] toolkit::TableChecksum checksum(const Side& side, Rate& rate) const {
    try {
      return toolkit::checksum_of_table(*side.endpoint, side.table, options_.segments, [&rate](std::uint64_t items) {
        rate.show(items);
        Interrupt::check();
      });
    } catch (const Interrupted&) {
      throw CommandError("stator: interrupted while verifying: all items were copied", kInterruptedExit);
    }
  }

  void verify(const toolkit::TableChecksum& expected) {
    Rate rate(session_, "verified", expected.items);
    const toolkit::TableChecksum there = checksum(destination_, rate);
    if (!(there == expected)) {
      throw CommandError("stator: the tables differ: " + counted(expected.items, "item") +
                         (options_.follow ? " are in the source, and " : " were copied, and ") +
                         destination_.describe() + " holds " + counted(there.items, "item") +
                         (there.items == expected.items ? " with other content" : "") + "; stator diff " +
                         options_.source + " " + options_.destination + " shows where");
    }
    checksum_ = there.text();
    say("verified: " + counted(there.items, "item") + ", checksum " + checksum_);
  }

  Session& session_;
  const CopyCommandOptions& options_;
  Interrupt interrupt_;
  Side source_;
  Side destination_;
  toolkit::TableInfo from_;
  std::optional<toolkit::TableInfo> to_;
  SavedProgress saved_progress_;
  toolkit::StateFile file_;
  toolkit::TransferState state_;
  std::uint64_t earlier_items_ = 0;
  std::uint64_t changes_ = 0;
  std::string checksum_;  // empty if the tables were not compared
};

struct DiffOptions {
  std::string source;
  std::string destination;
  std::uint32_t segments = 4;
};

/// Prints differences: a line each, or with --output json an array, which is closed even if an error ends it.
class DifferencePrinter {
 public:
  explicit DifferencePrinter(const Session& session) : out_(*session.out), output_(session.output) {}
  DifferencePrinter(const DifferencePrinter&) = delete;
  DifferencePrinter& operator=(const DifferencePrinter&) = delete;
  ~DifferencePrinter() {
    try {
      if (!first_) finish();
    } catch (const std::exception&) {  // another error is being thrown
    }
  }

  void print(toolkit::Difference difference, const std::string& key_json, const std::vector<std::string>& attributes) {
    json::Parser parser;
    std::string key;
    toolkit::append_plain_item(parser.parse(key_json).get_object().value(), key);
    const char* sign = difference == toolkit::Difference::kOnlyInSource        ? "-"
                       : difference == toolkit::Difference::kOnlyInDestination ? "+"
                                                                               : "~";
    if (output_ == OutputFormat::kHuman) {
      std::string list;
      for (const std::string& name : attributes) list += (list.empty() ? ": " : ", ") + toolkit::printable(name);
      out_ << sign << " " << key << list << "\n";
      return;
    }
    std::string text;
    json::ObjectWriter object(text);
    object.text("difference", sign);
    object.key("key") += key;
    json::ArrayWriter names(object.key("attributes"));
    for (const std::string& name : attributes) json::append_string(name, names.element());
    names.end();
    object.end();
    if (is_list()) out_ << (first_ ? "[\n" : ",\n");
    out_ << text << (is_list() ? "" : "\n");
    first_ = false;
  }

  void finish() {
    if (is_list() && !is_finished_) out_ << (first_ ? "[]\n" : "\n]\n");
    is_finished_ = true;
  }

 private:
  [[nodiscard]] bool is_list() const { return output_ == OutputFormat::kJson; }

  std::ostream& out_;
  OutputFormat output_;
  bool first_ = true;
  bool is_finished_ = false;
};

void diff(Session& session, const DiffOptions& options) {
  if (session.output != OutputFormat::kJsonLines) require_human_or_json(session);
  const Side source = open_side(session, options.source, {}, nullptr);
  const Side destination = open_side(session, options.destination, {}, &source);
  const toolkit::TableInfo from = toolkit::describe_table(*source.endpoint, source.table);
  const toolkit::TableInfo to = toolkit::describe_table(*destination.endpoint, destination.table);
  const Interrupt interrupt;
  DifferencePrinter differences(session);
  toolkit::DiffResult result;
  std::uint64_t read = 0;
  try {
    result = toolkit::diff_tables(
        *source.endpoint, from, *destination.endpoint, to, options.segments,
        [&](const auto&... difference) { differences.print(difference...); },
        [&](std::uint64_t items) {
          read = items;
          Interrupt::check();
        });
  } catch (const Interrupted&) {
    throw CommandError(
        "stator: interrupted: " + counted(read, "item") + " read; whether the tables are equal is not known",
        kInterruptedExit);
  }
  differences.finish();
  session.out->flush();
  if (!session.quiet) {
    *session.err << result.equal << " equal, " << result.changed << " changed, " << result.only_in_source << " only in "
                 << source.describe() << ", " << result.only_in_destination << " only in " << destination.describe()
                 << "\n";
  }
  if (result.changed + result.only_in_source + result.only_in_destination > 0) session.exit_code = 1;
}

}  // namespace

void add_copy_commands(CLI::App& root, Session& session) {
  const auto copying = std::make_shared<CopyCommandOptions>();
  CLI::App* copy_command = root.add_subcommand("copy", "Copy a table, on one endpoint or between two");
  copy_command->add_option("SOURCE", copying->source, "TABLE, prod:TABLE, http://HOST:PORT/TABLE or DIR/TABLE")
      ->required();
  copy_command->add_option("DESTINATION", copying->destination, "The same; created like the source if missing")
      ->required();
  add_segments(*copy_command, copying->segments);
  add_rate(*copy_command, copying->rate);
  auto* follow = copy_command->add_flag("--follow", copying->follow, "Then follow the source's stream until Ctrl-C");
  copy_command
      ->add_flag("--until-caught-up", copying->until_caught_up,
                 "Follow until nothing has changed for 3 seconds, then verify and end")
      ->needs(follow);
  copy_command->add_flag("--no-verify", copying->no_verify, "Do not compare count and checksum afterwards");
  copy_command->add_flag("--restart", copying->restart, "Start over if an earlier copy was ended");
  add_quiet(*copy_command, session);
  copy_command->footer(
      "An interrupted copy resumes with the same command.\n"
      "Examples: stator copy shop shop-2\n"
      "          stator copy shop http://localhost:8000/shop --follow\n"
      "          stator copy prod:shop ./backup/shop");
  copy_command->callback([copying, &session] {
    require_human_or_json(session);
    refuse_one_place_for_two(session, copying->source, copying->destination);
    Copy(session, *copying).run();
  });

  const auto comparing = std::make_shared<DiffOptions>();
  CLI::App* diff_command = root.add_subcommand("diff", "Show where two tables differ");
  diff_command->add_option("SOURCE", comparing->source, "As for copy")->required();
  diff_command->add_option("DESTINATION", comparing->destination, "As for copy")->required();
  add_segments(*diff_command, comparing->segments);
  add_quiet(*diff_command, session);
  diff_command->footer(
      "Prints a line for each difference: - only in the source, + only in the destination, ~ changed.\n"
      "Exits with 1 if the tables differ.\n"
      "Example: stator diff shop prod:shop");
  diff_command->callback([comparing, &session] {
    refuse_one_place_for_two(session, comparing->source, comparing->destination);
    diff(session, *comparing);
  });
}

}  // namespace stator::cli
