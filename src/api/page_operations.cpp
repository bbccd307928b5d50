#include "api/page_operations.h"

#include "api/call.h"
#include "api/capacity.h"
#include "api/item_operations.h"
#include "api/operations.h"
#include "api/page_rules.h"
#include "api/reply.h"

/// Query and Scan.
namespace stator::api {

namespace {

PageResult read_page(const engine::Engine& engine, const engine::PageRequest& request, const engine::ItemSink& sink) {
  PageResult result;
  result.table = request.table;
  result.page = engine.read_page(request, sink);
  result.more = !result.page.last_evaluated_key_json.empty() && !reads_one_item(request);
  return result;
}

template <class Request>
PageResult read_items(const engine::Engine& engine, const Request& request, std::string& items) {
  const std::size_t begin = items.size();
  return run(engine, engine.usable_table(request.table_name), request, [&](std::string_view item) {
    if (request.selection.count_only) return;
    if (items.size() != begin) items += ',';
    append_item(item, request.selection.projection, items);
  });
}

/// Reads the page and writes the reply.
template <class Request>
void answer_page(Call& call, const Request& request) {
  thread_local std::string items;
  items.clear();
  const PageResult result = run(call.engine(), request, items);
  ObjectWriter writer(call.reply);
  if (!request.selection.count_only) (((writer.key("Items") += '[') += items) += ']');
  writer.integer("Count", static_cast<std::int64_t>(result.page.count));
  writer.integer("ScannedCount", static_cast<std::int64_t>(result.page.scanned_count));
  if (result.more) writer.key("LastEvaluatedKey") += result.page.last_evaluated_key_json;
  write_capacity(writer, call.request, result.page.capacity, request.capacity);
  writer.end();
  // Do not keep the memory of a huge page for the life of the thread.
  constexpr std::size_t kKeptBytes = 4U << 20U;
  if (items.capacity() > kKeptBytes) items = std::string();
}

}  // namespace

PageResult run(const engine::Engine& engine, const Query& request, std::string& items) {
  return read_items(engine, request, items);
}

PageResult run(const engine::Engine& engine, const Scan& request, std::string& items) {
  return read_items(engine, request, items);
}

PageResult run(const engine::Engine& engine, const engine::TablePtr& table, const Query& request,
               const engine::ItemSink& sink) {
  return read_page(engine, resolve(table, request), sink);
}

PageResult run(const engine::Engine& engine, const engine::TablePtr& table, const Scan& request,
               const engine::ItemSink& sink) {
  return read_page(engine, resolve(table, request), sink);
}

void query(Call& call) { answer_page(call, read_query(call.request)); }

void scan(Call& call) { answer_page(call, read_scan(call.request, call.deviates)); }

}  // namespace stator::api
