#pragma once

#include <vector>

#include "api/requests/transaction_requests.h"
#include "engine/engine.h"

/// Doing what transactions ask for, whoever read them. Throws ApiError: TransactionCanceledException, what
/// engine::Engine::claim_token throws, and the faults of a whole request.
namespace stator::api {

struct TransactWritten {
  /// The request's token was used before, by the same request, which is not done again. Then `sizes_bytes` are what
  /// each action wrote at the time, and there are neither actions nor outcomes.
  bool repeated = false;
  std::vector<std::size_t> sizes_bytes;
  std::vector<engine::WriteAction> actions;
  std::vector<engine::WriteOutcome> outcomes;
};
/// The actions of the result point into the request.
TransactWritten run(engine::Engine& engine, const TransactWriteItems& request);

struct TransactRead {
  std::vector<engine::Engine::ReadAction> actions;
  std::vector<engine::Engine::ReadOutcome> outcomes;
};
TransactRead run(const engine::Engine& engine, const TransactGetItems& request);

}  // namespace stator::api
