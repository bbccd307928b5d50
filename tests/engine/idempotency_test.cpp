// A transaction with a ClientRequestToken is executed once, even if the process dies or the reply is lost.

#include "engine/idempotency.h"

#include <array>

#include "core/damage_error.h"
#include "engine/keys.h"
#include "engine/support.h"
#include "store/store.h"

namespace stator::engine {
namespace {

constexpr const char* kKey = R"({"pk":{"S":"p"},"sk":{"S":"s"}})";
constexpr std::int64_t kWindowMs = IdempotencyTokens::kWindowMs;

class Idempotency : public testing::Test {
 protected:
  Idempotency() {
    engine_ = open(directory_.path(), &clock_);
    engine_->create_table(make_table("t"));
  }
  void reopen(const std::filesystem::path& path) {
    engine_.reset();
    engine_ = open(path, &clock_);
  }
  /// Executes ADD n 1 with the token; returns false if it had been executed before.
  bool count(std::string_view token, std::string_view request = "request") {
    const TokenClaim claim = engine_->claim_token(token, request);
    if (claim.earlier_sizes_bytes()) return false;
    commit(claim);
    return true;
  }
  /// Returns false if the transaction was cancelled.
  bool commit(const TokenClaim& claim, const expression::Condition* when = nullptr) {
    const TablePtr table = engine_->usable_table("t");
    const auto add = update("ADD n :one", R"({":one":{"N":"1"}})");
    std::array<WriteAction, 1> actions;
    actions[0].kind = WriteKind::kUpdate;
    actions[0].table = table;
    actions[0].key = key_of(*table, kKey);
    actions[0].update = &add;
    actions[0].condition = when;
    return !engine_->transact_write(actions, &claim).cancelled();
  }
  std::string counted() {
    const std::string stored = get(*engine_, engine_->usable_table("t"), kKey);
    const json::Item item(stored);
    std::string n;
    item.append_attribute("n", n);
    return n;
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(Idempotency, SurvivesAStopAndAKill) {
  EXPECT_TRUE(count("a"));
  reopen(directory_.path());
  EXPECT_FALSE(count("a"));
  EXPECT_TRUE(count("b"));
  // A copy of the files of a running engine equals what a kill leaves.
  const TemporaryDirectory copy;
  std::filesystem::copy(directory_.path(), copy.path(), std::filesystem::copy_options::recursive);
  reopen(copy.path());
  EXPECT_FALSE(count("a"));
  EXPECT_FALSE(count("b"));
  EXPECT_EQ(counted(), R"({"N":"2"})");
}

TEST_F(Idempotency, LastsTenMinutesFromTheCommit) {
  for (int round = 0; round < 3; ++round) {  // in one of the rounds a time slot ends
    SCOPED_TRACE(round);
    EXPECT_TRUE(count("a"));
    clock_.advance(kWindowMs - 1);
    EXPECT_FALSE(count("a"));
    clock_.advance(-60'000);
    EXPECT_FALSE(count("a")) << "a clock that is set back forgets nothing";
    clock_.advance(60'000 + 1 + round * 200'000);
  }
  EXPECT_EQ(counted(), R"({"N":"3"})");
}

TEST_F(Idempotency, OfAnotherRequestIsAMismatch) {
  EXPECT_TRUE(count("a", "one request"));
  EXPECT_EQ(error_of([&] { count("a", "another"); }).type, "IdempotentParameterMismatchException");
  EXPECT_TRUE(count("b", "another")) << "other tokens are free";
  EXPECT_FALSE(count("a", "one request"));
}

TEST_F(Idempotency, IsHeldByOneRequestAtATime) {
  {
    const TokenClaim first = engine_->claim_token("a", "request");
    const core::ApiError refused = error_of([&] { count("a"); });
    EXPECT_EQ(refused.type, "TransactionInProgressException");
    EXPECT_EQ(refused.message, "The transaction with the given request token is already in progress.");
    EXPECT_EQ(error_of([&] { count("a", "another"); }).type, "IdempotentParameterMismatchException");
    EXPECT_TRUE(count("b"));
  }
  EXPECT_TRUE(count("a")) << "the first one gave up";
}

TEST_F(Idempotency, IsNotUsedUpByATransactionThatWasCancelled) {
  const auto missing = condition("attribute_not_exists(pk)");
  EXPECT_TRUE(count("a"));
  EXPECT_FALSE(commit(engine_->claim_token("b", "request"), &missing));
  remove(*engine_, engine_->usable_table("t"), kKey);
  const TokenClaim again = engine_->claim_token("b", "request");
  EXPECT_FALSE(again.earlier_sizes_bytes());
  EXPECT_TRUE(commit(again, &missing));
}

TEST_F(Idempotency, IsUsedUpByTheCommitNotByTheReply) {
  try {
    const TokenClaim claim = engine_->claim_token("a", "request");
    commit(claim);
    throw std::bad_alloc();  // while the reply is written
  } catch (const std::bad_alloc&) {
  }
  EXPECT_FALSE(count("a"));
  EXPECT_EQ(counted(), R"({"N":"1"})");
}

TEST_F(Idempotency, RemembersTheSizesOfTheItems) {
  put(*engine_, engine_->usable_table("t"), R"({"pk":{"S":"p"},"sk":{"S":"s"},"n":{"N":"1"},"x":{"S":"0123456789"}})");
  EXPECT_TRUE(count("a"));
  const TokenClaim again = engine_->claim_token("a", "request");
  ASSERT_TRUE(again.earlier_sizes_bytes());
  EXPECT_EQ(*again.earlier_sizes_bytes(), (std::vector<std::size_t>{2 + 1 + 2 + 1 + 1 + 2 + 1 + 10}));
}

TEST_F(Idempotency, HoldsUnderContention) {
  std::atomic<int> happened = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        try {
          if (count("token" + std::to_string(i))) ++happened;
        } catch (const core::ApiError& error) {
          EXPECT_EQ(error.type, "TransactionInProgressException");
          ++refused;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(happened, 100) << refused;
  EXPECT_EQ(counted(), R"({"N":"100"})");
}

TEST_F(Idempotency, ARowThatCannotBeReadFailsItsTokenAlone) {
  EXPECT_TRUE(count("a"));
  engine_.reset();
  {
    const auto store = store::Store::open({directory_.path()});
    const std::string tokens = catalog_key(CatalogRow::kToken);
    const auto cursor = store->cursor(tokens, store::prefix_end(tokens));
    cursor->seek_to_first();
    ASSERT_TRUE(cursor->valid());
    store::Batch batch;
    batch.put(cursor->key(), cursor->value().substr(0, 10));
    store->write(batch);
  }
  engine_ = open(directory_.path(), &clock_);
  EXPECT_THROW(count("a"), core::DamageError);
  EXPECT_THROW(count("a"), core::DamageError) << "and is not left in progress";
  EXPECT_TRUE(count("b"));
}

TEST_F(Idempotency, RowsGoAwayByThemselvesAndTheirJobEnds) {
  engine_.reset();
  Options options;
  options.directory = directory_.path();
  options.clock = &clock_;
  options.token_trim_period_ms = 1;
  engine_ = Engine::open(options);
  const auto trims = [&] {
    const auto jobs = engine_->jobs();
    return std::count_if(jobs.begin(), jobs.end(), [](const JobInfo& job) {
      return job.name == "trim-request-tokens" && job.state != JobState::kEnded;
    });
  };
  for (const char* const token : {"first", "second"}) {
    EXPECT_TRUE(count(token));
    EXPECT_EQ(trims(), 1) << token;
    clock_.advance(2 * IdempotencyTokens::kWindowMs);
    EXPECT_TRUE(wait_until([&] { return trims() == 0; })) << token;
  }
  engine_.reset();
  const auto store = store::Store::open({directory_.path()});
  const std::string tokens = catalog_key(CatalogRow::kToken);
  const auto cursor = store->cursor(tokens, store::prefix_end(tokens));
  cursor->seek_to_first();
  EXPECT_FALSE(cursor->valid());
}

/// The rows of tokens, tested directly on a store.
class TokenRows : public testing::Test {
 protected:
  void write(std::string_view token) {
    store::Batch batch;
    tokens_.claim(token, "request").append({}, batch);
    store_->write(batch);
  }
  bool happened(std::string_view token) { return tokens_.claim(token, "request").earlier_sizes_bytes().has_value(); }

  ManualClock clock_;
  std::unique_ptr<store::Store> store_ = store::Store::open({});
  IdempotencyTokens tokens_{*store_, clock_};
};

TEST_F(TokenRows, AreTrimmedWhenNoLookUpAsksForThem) {
  EXPECT_FALSE(tokens_.trim());
  constexpr int kMany = 3000;  // more than are deleted one by one
  for (int i = 0; i < kMany; ++i) write("old" + std::to_string(i));
  clock_.advance(kWindowMs - 1);
  write("young");
  EXPECT_TRUE(tokens_.trim());
  EXPECT_TRUE(happened("old0"));
  EXPECT_TRUE(happened("old2999"));
  clock_.advance(kWindowMs + 1);
  EXPECT_TRUE(tokens_.trim()) << "the young one's slot is not over";
  clock_.advance(kWindowMs);
  EXPECT_FALSE(tokens_.trim());
  EXPECT_FALSE(happened("young"));
}

}  // namespace
}  // namespace stator::engine
