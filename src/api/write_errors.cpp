#include "api/write_errors.h"

#include <string>
#include <string_view>

#include "api/reply.h"
#include "core/api_error.h"

namespace stator::api {
namespace {

constexpr std::string_view kConditionFailed = "The conditional request failed";

std::string_view code_name(engine::CancellationCode code) {
  switch (code) {
    case engine::CancellationCode::kConditionalCheckFailed:
      return "ConditionalCheckFailed";
    case engine::CancellationCode::kValidationError:
      return "ValidationError";
    case engine::CancellationCode::kNone:
      break;
  }
  return "None";
}

void append_reason(const engine::CancellationReason& reason, std::string& out) {
  const bool condition_failed = reason.code == engine::CancellationCode::kConditionalCheckFailed;
  ObjectWriter writer(out);
  writer.text("Code", code_name(reason.code));
  if (condition_failed) {
    writer.text("Message", kConditionFailed);
  } else if (!reason.message.empty()) {
    writer.text("Message", reason.message);
  }
  if (!reason.item_json.empty()) writer.key("Item") += reason.item_json;
  writer.end();
}

}  // namespace

void throw_condition_failed(const engine::WriteOutcome& outcome) {
  std::string extra;
  if (!outcome.old_json.empty()) extra = "\"Item\":" + outcome.old_json;
  throw core::ApiError("ConditionalCheckFailedException", std::string(kConditionFailed), std::move(extra));
}

void throw_cancelled(std::span<const engine::CancellationReason> reasons) {
  std::string codes;
  std::string list;
  for (const engine::CancellationReason& reason : reasons) {
    codes += codes.empty() ? "" : ", ";
    codes += code_name(reason.code);
    list += list.empty() ? '[' : ',';
    append_reason(reason, list);
  }
  throw core::ApiError("TransactionCanceledException",
                       "Transaction cancelled, please refer cancellation reasons for specific reasons [" + codes + "]",
                       "\"CancellationReasons\":" + list + "]");
}

}  // namespace stator::api
