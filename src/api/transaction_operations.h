#pragma once

#include <vector>

#include "api/requests/transaction_requests.h"
#include "engine/engine.h"

/// Runs typed transactions. Throws ApiError: TransactionCanceledException, what engine::Engine::claim_token throws, and
/// faults of the whole request.
namespace stator::api {

struct TransactWritten {
  /// Whether the same request was made with this token before, and is not made again. Then `sizes_bytes` has the size
  /// of each action's item that time, and `actions` and `outcomes` are empty.
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
