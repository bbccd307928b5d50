#include "stator/stator.h"

#include <stdexcept>
#include <utility>

#include "api/operations.h"
#include "core/api_error.h"
#include "endpoint/embedded.h"

namespace stator {

struct Database::Impl {
  explicit Impl(const engine::Options& options) : endpoint(options) {}
  endpoint::Embedded endpoint;
};

namespace {

Result failure(const core::ApiError& error) {
  return {.ok = false,
          .body = core::render_error(error),
          .error_type = std::string(error.type.name()),
          .error_message = error.message};
}

}  // namespace

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Database Database::open(const OpenOptions& options) {
  engine::Options engine;
  engine.directory = options.directory;
  engine.sync = options.sync;
  if (options.log) engine.log = [log = options.log](core::LogLevel, std::string_view line) { log(line); };
  return Database(std::make_unique<Impl>(engine));
}

Database Database::open_in_memory() { return open({}); }

Result Database::call(std::string_view operation, std::string_view request_json) {
  if (!impl_) throw std::logic_error("this Database was moved from");
  try {
    Result result{.ok = true, .body = {}, .error_type = {}, .error_message = {}};
    const api::Operation* const known = api::find_operation(operation);
    endpoint::Request request{.operation = operation, .body = request_json};
    if (known != nullptr && known->peculiarities.of_streams) request.service = endpoint::Service::kDynamoDbStreams;
    impl_->endpoint.call(request, result.body);
    return result;
  } catch (const core::ApiError& error) {
    return failure(error);
  } catch (const std::exception& error) {
    return failure(core::ApiError(core::ErrorCode::kInternalServerError, error.what()));
  }
}

std::string_view version() { return STATOR_VERSION; }

}  // namespace stator
