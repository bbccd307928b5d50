#include "api/generated/answer.h"

#include <malloc.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <new>

#include "api/shape.h"
#include "core/api_error.h"
#include "core/limits.h"
#include "json/reader.h"

namespace {

// The bytes that each thread holds, counted by the operators below. Memory that another thread frees stays counted, so
// only differences over a short time mean anything.
thread_local std::int64_t held_bytes = 0;
thread_local std::int64_t peak_bytes = 0;

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  held_bytes += static_cast<std::int64_t>(::malloc_usable_size(memory));
  peak_bytes = std::max(peak_bytes, held_bytes);
  return memory;
}

void release(void* memory) {
  held_bytes -= static_cast<std::int64_t>(::malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

// The other forms of new and delete call these. The nothrow form is defined here because sanitizers bring their own.
void* operator new(std::size_t size) { return counted(std::malloc(size)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return counted(std::malloc(size));
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(step, (size + step - 1) / step * step));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace stator::api::generated {

namespace {

/// Messages quote the values that they refuse, some of them twice: a value's length and pattern may both be wrong.
constexpr std::size_t kMaxErrorBytes = 64 * 1024;
constexpr std::size_t kMaxErrorBytesPerByte = 4;
/// A page or batch ends with the item that exceeds its limit.
constexpr std::size_t kMaxReplyBytes = core::kMaxBatchReplySizeBytes + 2 * core::kMaxItemSizeBytes;
/// Covers the parsed request, the values made from it and the message that quotes it.
constexpr std::int64_t kMaxMemoryPerByte = 48;
constexpr std::int64_t kMaxMemoryBytes = 32 * 1024 * 1024;

/// The errors that the service documents for these operations (API reference 2012-08-10), without the internal ones.
constexpr std::array<std::string_view, 34> kErrorTypes = {
    "AccessDeniedException",
    "BackupInUseException",
    "BackupNotFoundException",
    "ConditionalCheckFailedException",
    "ContinuousBackupsUnavailableException",
    "DuplicateItemException",
    "ExpiredIteratorException",
    "ExportConflictException",
    "ExportNotFoundException",
    "GlobalTableAlreadyExistsException",
    "GlobalTableNotFoundException",
    "IdempotentParameterMismatchException",
    "ImportNotFoundException",
    "IndexNotFoundException",
    "InvalidExportTimeException",
    "InvalidRestoreTimeException",
    "ItemCollectionSizeLimitExceededException",
    "LimitExceededException",
    "PointInTimeRecoveryUnavailableException",
    "PolicyNotFoundException",
    "ProvisionedThroughputExceededException",
    "ReplicaNotFoundException",
    "RequestLimitExceeded",
    "ResourceInUseException",
    "ResourceNotFoundException",
    "SerializationException",
    "TableAlreadyExistsException",
    "TableInUseException",
    "TableNotFoundException",
    "TransactionCanceledException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "TrimmedDataAccessException",
    "ValidationException",
};

std::int64_t thread_cpu_us() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
}

void call(endpoint::Embedded& endpoint, std::string_view operation, bool built, std::string_view request,
          std::string& reply) {
  if (built) {
    const bool of_streams = find_operation(operation)->special_rules.of_streams;
    endpoint.call({.operation = operation,
                   .body = request,
                   .service = of_streams ? endpoint::Service::kDynamoDbStreams : endpoint::Service::kDynamoDb},
                  reply);
    return;
  }
  json::Object object;
  if (json::Parser::of_this_thread().parse(request).get(object) != simdjson::SUCCESS) {
    core::throw_serialization("Unexpected value type in payload");
  }
  check_shape(*find_operation(operation), object);
  reply = "{}";
}

bool is_json(const std::string& body) {
  simdjson::dom::parser parser;
  return parser.parse(body).error() == simdjson::SUCCESS;
}

}  // namespace

Answer answer(endpoint::Embedded& endpoint, std::string_view operation, bool built, std::string_view request) {
  Answer answer;
  const std::int64_t held_before = held_bytes;
  peak_bytes = held_bytes;
  const std::int64_t began_us = thread_cpu_us();
  try {
    call(endpoint, operation, built, request, answer.body);
  } catch (const core::ApiError& error) {
    answer.error = error.type.name();
    answer.message = error.message;
    answer.body = core::render_error(error);
  } catch (const std::exception& error) {
    answer.error = "exception";
    answer.message = error.what();
  }
  answer.cpu_us = thread_cpu_us() - began_us;
  answer.peak_bytes = peak_bytes - held_before;
  return answer;
}

std::string fault_of(const Answer& answer, std::size_t request_bytes) {
  const bool is_error = !answer.error.empty();
  if (answer.error == "exception") return "an exception that is no ApiError: " + answer.message;
  if (is_error && std::ranges::find(kErrorTypes, answer.error) == kErrorTypes.end()) {
    return "not an error that a client may cause: " + answer.error + ": " + answer.message.substr(0, 200);
  }
  // TagResource and UntagResource reply without a body.
  if (!answer.body.empty() && !is_json(answer.body)) {
    return "the body is not JSON in UTF-8: …" +
           answer.body.substr(answer.body.size() - std::min<std::size_t>(answer.body.size(), 80));
  }
  if (answer.body.size() > (is_error ? kMaxErrorBytes + kMaxErrorBytesPerByte * request_bytes : kMaxReplyBytes)) {
    return "a body of " + std::to_string(answer.body.size()) + " bytes: " + answer.body.substr(0, 200);
  }
  const std::int64_t allowed = kMaxMemoryBytes + kMaxMemoryPerByte * static_cast<std::int64_t>(request_bytes);
  if (answer.peak_bytes > allowed) {
    return std::to_string(answer.peak_bytes) + " bytes of memory at one time, allowed are " + std::to_string(allowed);
  }
  return {};
}

}  // namespace stator::api::generated
