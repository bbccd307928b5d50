#include "cli/tail_command.h"

#include <memory>
#include <ostream>
#include <string>

#include "cli/arguments.h"
#include "cli/interrupt.h"
#include "cli/item_printing.h"
#include "cli/target.h"
#include "core/timestamp.h"
#include "toolkit/stream_tail.h"

/// stator ddb tail.
namespace stator::cli {
namespace {

struct TailCommandOptions {
  std::string from = "now";
  toolkit::TailOptions tail;
};

void read_from(TailCommandOptions& options) {
  options.tail.from_now = options.from == "now";
  if (options.from == "now" || options.from == "start") return;
  const auto time = core::parse_timestamp(options.from, core::Completion::kFirst);
  if (!time) {
    throw CommandError(
        "stator: --from takes start, now or a time such as 2026-11-25T10:00:00Z, not \"" + options.from + "\"", 2);
  }
  constexpr std::int64_t kMicroseconds = 1'000'000;
  options.tail.from_seconds = time->microseconds / kMicroseconds;
}

void tail(Session& session, TailCommandOptions& options) {
  if (session.output != OutputFormat::kJsonLines) require_human_or_json(session);
  read_from(options);
  const auto endpoint = open_endpoint(session);
  std::ostream& out = *session.out;
  bool first = true;
  const auto print = [&](const json::Object& record) {
    if (session.output == OutputFormat::kHuman) {
      out << toolkit::format_record(record, session.colour);
    } else if (session.output == OutputFormat::kJsonLines) {
      out << simdjson::minify(record) << "\n";
    } else {
      out << (first ? "[\n" : ",\n") << simdjson::minify(record);
    }
    first = false;
    out.flush();  // as the reader of a pipe waits for each change
  };
  const Interrupt interrupt;
  options.tail.sleep = Interrupt::sleep;
  options.tail.on_outage = [&session](const toolkit::OperationError& error) {
    if (!session.quiet) *session.err << "waiting: " << toolkit::describe(error) << "\n";
  };
  const auto end_list = [&] {
    if (session.output == OutputFormat::kJson) out << (first ? "[]\n" : "\n]\n");
  };
  std::uint64_t shown = 0;
  try {
    toolkit::tail(*endpoint, options.tail, [&](const json::Object& record) {
      print(record);
      ++shown;
      Interrupt::check();
    });
  } catch (const Interrupted&) {
    end_list();
    throw CommandError("stator: interrupted: " + counted(shown, "change") + " shown", kInterruptedExit);
  } catch (const toolkit::OperationError&) {
    if (!first) end_list();
    throw;
  }
  end_list();
}

}  // namespace

void add_tail_command(CLI::App& ddb, Session& session) {
  auto* command = ddb.add_subcommand("tail", "Print the changes of a table as they happen, from its stream");
  const auto options = std::make_shared<TailCommandOptions>();
  command->add_option("TABLE", options->tail.table, "The table, which has a stream")->required();
  command
      ->add_option("--from", options->from,
                   "start: the oldest change kept (at most a day); now; or a time, such as 2026-11-25T10:00:00Z")
      ->type_name("WHEN")
      ->capture_default_str();
  command->add_option("--limit", options->tail.limit, "Stop after this many changes")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, kMostItems));
  command->add_flag_callback(
      "--no-follow", [options] { options->tail.follow = false; }, "Stop once the existing changes are printed");
  command->footer(
      "A line for each change and one for each attribute that differs, or the stream's records with --output jsonl.\n"
      "Examples: stator ddb tail shop\n"
      "          stator ddb tail shop --from start --no-follow --output jsonl");
  command->callback([options, &session] { tail(session, *options); });
}

}  // namespace stator::cli
