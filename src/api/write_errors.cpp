#include "api/write_errors.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "api/reply.h"
#include "api/throttling.h"
#include "core/api_error.h"

namespace stator::api {
namespace {

constexpr std::string_view kConditionFailed = "The conditional request failed";
constexpr std::string_view kDuplicateItem = "Duplicate primary key exists in table";

std::string_view code_name(const engine::CancellationReason& reason) {
  switch (reason.code) {
    case engine::CancellationCode::kThroughputExceeded:
      return throttled_action(*reason.exceeded).code;
    case engine::CancellationCode::kConditionalCheckFailed:
      return "ConditionalCheckFailed";
    case engine::CancellationCode::kDuplicateItem:
      return "DuplicateItem";
    case engine::CancellationCode::kValidationError:
      return "ValidationError";
    case engine::CancellationCode::kNone:
      break;
  }
  return "None";
}

void append_reason(const engine::CancellationReason& reason, std::string& out) {
  ObjectWriter writer(out);
  writer.text("Code", code_name(reason));
  if (reason.code == engine::CancellationCode::kConditionalCheckFailed) {
    writer.text("Message", kConditionFailed);
  } else if (reason.code == engine::CancellationCode::kDuplicateItem) {
    writer.text("Message", kDuplicateItem);
    return writer.end();
  } else if (reason.code == engine::CancellationCode::kThroughputExceeded) {
    writer.text("Message", throttled_action(*reason.exceeded).message);
  } else if (!reason.message.empty()) {
    writer.text("Message", reason.message);
  }
  if (!reason.item_json.empty()) writer.key("Item") += reason.item_json;
  writer.end();
}

}  // namespace

void throw_refused(const engine::WriteAction& action, const engine::WriteOutcome& outcome) {
  std::string extra;
  if (!outcome.old_json.empty() && !action.must_be_new) extra = "\"Item\":" + outcome.old_json;
  RefusedWrite refused = action.must_be_new ? RefusedWrite(core::ErrorCode::kDuplicateItem, std::string(kDuplicateItem))
                                            : RefusedWrite(core::ErrorCode::kConditionalCheckFailed,
                                                           std::string(kConditionFailed), std::move(extra));
  refused.size_bytes = std::max(outcome.old_size_bytes, action.item != nullptr ? action.item->size_bytes : 0);
  throw refused;
}

void throw_cancelled(std::span<const engine::CancellationReason> reasons) {
  std::string codes;
  std::string extra = "\"CancellationReasons\":";
  ArrayWriter list(extra);
  for (const engine::CancellationReason& reason : reasons) {
    codes += codes.empty() ? "" : ", ";
    codes += code_name(reason);
    append_reason(reason, list.element());
  }
  list.end();
  throw core::ApiError(core::ErrorCode::kTransactionCanceled,
                       "Transaction cancelled, please refer cancellation reasons for specific reasons [" + codes + "]",
                       std::move(extra));
}

}  // namespace stator::api
