#include "cli/insights_command.h"

#include <cstdint>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>

#include "cli/server_paths.h"
#include "cli/table.h"
#include "cli/target.h"
#include "json/object_writer.h"
#include "json/reader.h"
#include "remote/discovery.h"

/// stator ddb insights: the most accessed keys of a table, as a running server has counted them.
namespace stator::cli {
namespace {

constexpr const char* kCountsNoKeys = "counts no keys: it is not a stator serve";

struct InsightsOptions {
  std::string table;
  std::string index;
  std::int64_t limit = 10;
};

std::string find_server(const Session& session) {
  if (session.production) {
    throw CommandError("stator: CloudWatch shows AWS's contributor insights; this command asks stator serve", 2);
  }
  std::string url = session.endpoint_url;
  if (url.empty()) {
    const auto running = remote::find_running_server(session.data_directory);
    if (!running) {
      throw CommandError("stator: keys are counted by a running server, and none serves " + session.data_directory);
    }
    url = *running;
  }
  return url;
}

std::string ask(const Session& session, const std::string& url, const InsightsOptions& options) {
  std::string body;
  json::ObjectWriter writer(body);
  writer.text("table", options.table);
  if (!options.index.empty()) writer.text("index", options.index);
  writer.integer("limit", options.limit);
  writer.end();
  return read_reply(ask_server(session, url, "/_stator/insights", "POST", body), url, "enabled", kCountsNoKeys);
}

/// {"pk":{"S":"a"},"sk":{"N":"1"}} as "a, 1".
std::string key_text(const json::Object& key) {
  std::string text;
  for (const auto [name, value] : key) {
    json::Object typed;
    if (value.get(typed) != simdjson::SUCCESS) continue;
    for (const auto [type, content] : typed) {
      std::string_view part;
      if (content.get(part) == simdjson::SUCCESS) text.append(text.empty() ? "" : ", ").append(part);
    }
  }
  return text;
}

void draw_counts(const json::Object& report, std::string_view member, const std::string& title, bool colour,
                 std::ostream& out) {
  json::Value value;
  json::Array counts;
  if (!json::find_member(report, member, value) || value.get(counts) != simdjson::SUCCESS || counts.size() == 0) return;
  Table table{title, {"Key", "Accesses", "At most too many"}, {}};
  for (const json::Value element : counts) {
    json::Object key;
    if (element["key"].get(key) != simdjson::SUCCESS) continue;
    table.rows.push_back({key_text(key), std::to_string(std::int64_t(element["count"])),
                          std::to_string(std::int64_t(element["at_most_too_many"]))});
  }
  draw(table, out, colour);
}

void print_insights(Session& session, const InsightsOptions& options, const std::string& reply) {
  json::Parser parser;
  const json::Object report = parser.parse(reply).get_object();
  const std::string what = options.index.empty() ? "table " + options.table : "index " + options.index;
  if (!report["enabled"].get_bool()) {
    throw CommandError("stator: contributor insights are not enabled for " + what + " (UpdateContributorInsights)");
  }
  const std::int64_t accesses = report["accesses"].get_int64();
  if (accesses == 0) {
    *session.err << "nothing of " << what << " was read or written yet\n";
    return;
  }
  std::ostringstream out;
  draw_counts(report, "partition_keys", "Partition keys", session.colour, out);
  draw_counts(report, "items", "Items", session.colour, out);
  *session.out << out.str();
  if (!session.quiet) *session.err << accesses << " accesses since insights were enabled or the server began\n";
}

void insights(Session& session, const InsightsOptions& options) {
  require_human_or_json(session);
  const std::string url = find_server(session);
  const std::string reply = ask(session, url, options);
  if (session.output == OutputFormat::kJson) return print_json(session, reply);
  read_members(url, kCountsNoKeys, [&] { print_insights(session, options, reply); });
}

}  // namespace

void add_insights_command(CLI::App& ddb, Session& session) {
  CLI::App* const command = ddb.add_subcommand("insights", "Show which keys of a table are accessed most");
  const auto options = std::make_shared<InsightsOptions>();
  command->add_option("TABLE", options->table, "The table; it must have contributor insights")->required();
  command->add_option("--index", options->index, "One of its global indexes instead")->type_name("NAME");
  command->add_option("--limit", options->limit, "Number of keys")->check(CLI::Range(1, 1000))->capture_default_str();
  command->footer("Example: stator ddb insights shop --limit 3");
  command->callback([options, &session] { insights(session, *options); });
}

}  // namespace stator::cli
