#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_set>

#include "api/generated/answer.h"
#include "api/generated/child_run.h"
#include "api/generated/mutations.h"
#include "api/generated/places.h"
#include "api/generated/prepared_tables.h"
#include "api/generated/requests.h"

/// Every operation of the shape table, with every member missing, null, given twice, of every wrong kind, huge and
/// repeated many times: the answer must be a reply or a DynamoDB error, in UTF-8, within bounds, and in time
/// proportional to the size of the request. docs: tests/api/README.md.
namespace stator::api::generated {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxShownFaults = 10;

/// What a child runs requests on: the prepared tables, renewed after requests that may have changed them.
class Probed {
 public:
  Probed(std::string_view operation, bool built) : operation_(operation), built_(built) { renew(); }

  Answer answer(std::string_view request) {
    Answer given = generated::answer(*endpoint_, operation_, built_, request);
    if (built_ && given.error.empty() && !only_reads()) restore();
    return given;
  }

 private:
  [[nodiscard]] bool only_reads() const {
    constexpr std::string_view kReading[] = {"Describe",    "List",  "Get",  "BatchGet",
                                             "TransactGet", "Query", "Scan", "Search"};
    return std::ranges::any_of(kReading, [&](std::string_view start) { return operation_.starts_with(start); });
  }

  /// Restores the prepared tables: creates them the first time, later restores a snapshot of them.
  void renew() {
    if (endpoint_) {
      endpoint_->engine().reset();
    } else {
      endpoint_ = prepared_tables(speaks_of_backups(operation_));
      endpoint_->engine().save_snapshot(engine::Engine::kStartSnapshot);
    }
    items_written_ = 0;
  }

  void restore() {
    // Items with other keys accumulate, so renew the tables after this many writes.
    constexpr int kMaxItemsWritten = 200;
    const bool writes_items_alone = operation_.find("Item") != std::string_view::npos ||  // or PartiQL statements
                                    operation_.find("Execute") != std::string_view::npos;
    if (!writes_items_alone || ++items_written_ > kMaxItemsWritten) {
      renew();
    } else {
      put_prepared_items(*endpoint_);
    }
  }

  std::string_view operation_;
  bool built_;
  std::unique_ptr<endpoint::Embedded> endpoint_;
  int items_written_ = 0;
};

struct Probe {
  std::size_t request = 0;
  std::size_t place = 0;
  std::size_t change = 0;
};

/// The requests of an operation, the places in them, and the list of places to change and ways to change them.
class Plan {
 public:
  explicit Plan(const Operation& operation) : requests_(requests_of(operation)) {
    for (const JsonTree& request : requests_) places_.push_back(places_of(operation, request));
  }

  /// Adds every place of every request, with each of `changes` ways.
  void add_all(std::size_t changes) {
    add(changes, [](const Place&) { return true; });
  }
  /// The same for named members of objects only.
  void add_members(std::size_t changes) {
    add(changes, [](const Place& place) { return !place.name.ends_with(']'); });
  }
  /// The same, but each member or element of the shape only once.
  void add_once(std::size_t changes) {
    std::unordered_set<std::string> seen;
    add(changes, [&](const Place& place) { return seen.insert(place.general_name).second; });
  }

  [[nodiscard]] std::size_t size() const { return probes_.size(); }
  [[nodiscard]] const Probe& operator[](std::size_t i) const { return probes_[i]; }
  [[nodiscard]] const Place& place(std::size_t i) const { return places_[probes_[i].request][probes_[i].place]; }

  /// The text of probe i, which `apply(parent, position)` changes.
  template <class Apply>
  [[nodiscard]] std::string text(std::size_t i, Apply apply) const {
    JsonTree request = requests_[probes_[i].request];
    apply(parent_of(request, place(i)), place(i).steps.back());
    return request.text_of();
  }

 private:
  template <class Wanted>
  void add(std::size_t changes, Wanted wanted) {
    for (std::size_t request = 0; request < requests_.size(); ++request) {
      for (std::size_t at = 0; at < places_[request].size(); ++at) {
        if (!wanted(places_[request][at])) continue;
        for (std::size_t change = 0; change < changes; ++change) probes_.push_back({request, at, change});
      }
    }
  }

  std::vector<JsonTree> requests_;
  std::vector<std::vector<Place>> places_;
  std::vector<Probe> probes_;
};

template <class Describe>
void report(const std::vector<Fault>& faults, Describe describe) {
  for (std::size_t i = 0; i < faults.size() && i < kMaxShownFaults; ++i) {
    ADD_FAILURE() << describe(faults[i].task) << "\n  " << faults[i].reason;
  }
  if (faults.size() > kMaxShownFaults) ADD_FAILURE() << faults.size() - kMaxShownFaults << " more";
}

/// A parameter that GoogleTest prints by the operation's name if a test fails.
struct Tested : Operation {
  friend void PrintTo(const Tested& tested, std::ostream* out) { *out << tested.name; }
};

std::vector<Tested> all_operations() {
  std::vector<Tested> all;
  for (const Operation& operation : kOperations) all.push_back({operation});
  return all;
}

std::string name_of(const testing::TestParamInfo<Tested>& info) { return std::string(info.param.name); }

class Requests : public testing::TestWithParam<Tested> {};

TEST_P(Requests, OfEveryOperationHaveAValidFormWithEachMember) {
  const Operation& operation = GetParam();
  if (operation.answer == nullptr) return;  // no request of this operation is valid
  if (std::ranges::count(refused_operations(), operation.name) != 0) return;
  const std::vector<JsonTree> requests = valid_requests_of(operation.name);
  ASSERT_FALSE(requests.empty()) << "requests.json needs a request that " << operation.name << " answers";

  const auto faults = run_in_child(
      requests.size(), milliseconds(10'000), [] {},
      [&](std::size_t i) -> std::optional<std::string> {
        const Answer given = Probed(operation.name, true).answer(requests[i].text_of());
        if (given.error.empty()) return std::nullopt;
        return given.error + ": " + given.message;
      });
  report(faults,
         [&](std::size_t i) { return "must be answered: " + requests[std::min(i, requests.size() - 1)].text_of(); });

  std::unordered_set<std::string> present;
  for (const JsonTree& request : requests) {
    for (std::string& path : member_paths(operation, request)) present.insert(std::move(path));
  }
  const std::vector<std::string> refused = refused_members();
  for (const std::string& path : member_paths(operation)) {
    const std::string name = std::string(operation.name) + "." + path;
    const bool is_refused = std::ranges::any_of(
        refused, [&](const std::string& member) { return name == member || name.starts_with(member + "."); });
    EXPECT_NE(present.contains(path), is_refused)
        << name
        << (is_refused ? " stands in a valid request and among the refused members of requests.json"
                       : " stands in no valid request of requests.json");
  }
}

TEST_P(Requests, WithAMemberSpoiltAreAnsweredOrRefused) {
  const Operation& operation = GetParam();
  const bool built = operation.answer != nullptr;
  const std::vector<Mutation>& mutations = small_mutations();
  Plan plan(operation);
  plan.add_all(mutations.size());
  const auto text_of = [&](std::size_t i) { return plan.text(i, mutations[plan[i].change].apply); };

  std::unique_ptr<Probed> probed;
  const auto faults = run_in_child(
      plan.size(), milliseconds(5'000), [&] { probed = std::make_unique<Probed>(operation.name, built); },
      [&](std::size_t i) -> std::optional<std::string> {
        const std::string request = text_of(i);
        const std::string fault = fault_of(probed->answer(request), request.size());
        return fault.empty() ? std::nullopt : std::optional(fault);
      });
  report(faults, [&](std::size_t i) {
    return i < plan.size() ? std::string(operation.name) + ": " + plan.place(i).name + ' ' +
                                 mutations[plan[i].change].name + ": " + text_of(i).substr(0, 600)
                           : std::string("end");
  });
}

/// The part of an answer that depends on the request alone (what is checked first), without the place or the request's
/// number with which some messages end.
std::string verdict_of(const Answer& answer) {
  const bool by_request = answer.error == "SerializationException" || answer.error == "ValidationException";
  if (!by_request) return "taken";
  const std::size_t end = std::min(answer.message.find(" at line "), answer.message.find("Request ID: "));
  return answer.error + ": " + answer.message.substr(0, end);
}

TEST_P(Requests, WithANameGivenTwiceAreJudgedByTheLast) {
  const Operation& operation = GetParam();
  const bool built = operation.answer != nullptr;
  const std::vector<Repetition>& ways = repetitions();
  Plan plan(operation);
  plan.add_members(ways.size());

  std::unique_ptr<Probed> probed;
  const auto faults = run_in_child(
      plan.size(), milliseconds(5'000), [&] { probed = std::make_unique<Probed>(operation.name, built); },
      [&](std::size_t i) -> std::optional<std::string> {
        const Repetition& way = ways[plan[i].change];
        const std::string twice = verdict_of(probed->answer(plan.text(i, way.twice)));
        const std::string last_alone = verdict_of(probed->answer(plan.text(i, way.last_alone)));
        if (twice == last_alone) return std::nullopt;
        return twice.substr(0, 300) + "\n  alone the last one is " + last_alone.substr(0, 300);
      });
  report(faults, [&](std::size_t i) {
    return i < plan.size()
               ? std::string(operation.name) + ": " + plan.text(i, ways[plan[i].change].twice).substr(0, 600)
               : std::string("end");
  });
}

INSTANTIATE_TEST_SUITE_P(Operations, Requests, testing::ValuesIn(all_operations()), name_of);

class LongRequests : public testing::TestWithParam<Tested> {};

/// A request `kFactor` times as large may take at most `kMaxSlowdown` times as long, plus a constant.
constexpr std::size_t kFactor = 4;
constexpr std::int64_t kMaxSlowdown = 12;
constexpr std::int64_t kMomentUs = 60'000;
constexpr std::size_t kLargeCount = 100'000;
constexpr int kAttempts = 3;

TEST_P(LongRequests, TakeTimeAndMemoryAsTheyAreLong) {
  const Operation& operation = GetParam();
  const bool built = operation.answer != nullptr;
  const std::vector<Growth>& ways = growths();
  Plan plan(operation);
  plan.add_once(ways.size());
  const auto text_of = [&](std::size_t i, std::size_t count) {
    return plan.text(i, [&](JsonTree& parent, std::size_t at) { ways[plan[i].change].apply(parent, at, count); });
  };

  std::unique_ptr<Probed> probed;
  const auto faults = run_in_child(
      plan.size(), milliseconds(8'000), [&] { probed = std::make_unique<Probed>(operation.name, built); },
      [&](std::size_t i) -> std::optional<std::string> {
        const std::string small = text_of(i, kLargeCount / kFactor);
        const std::string large = text_of(i, kLargeCount);
        std::string fault;
        for (int attempt = 0; attempt < kAttempts; ++attempt) {
          const Answer of_small = probed->answer(small);
          const Answer of_large = probed->answer(large);
          fault = fault_of(of_large, large.size());
          if (fault.empty() && of_large.cpu_us > kMaxSlowdown * of_small.cpu_us + kMomentUs) {
            fault = std::to_string(small.size()) + " bytes take " + std::to_string(of_small.cpu_us) + " us, " +
                    std::to_string(large.size()) + " bytes " + std::to_string(of_large.cpu_us) + " us";
          }
          if (fault.empty()) return std::nullopt;
        }
        return fault;
      });
  report(faults, [&](std::size_t i) {
    return i < plan.size() ? std::string(operation.name) + ": " + plan.place(i).name + ": " +
                                 ways[plan[i].change].name + ": " + text_of(i, 3).substr(0, 600)
                           : std::string("end");
  });
}

INSTANTIATE_TEST_SUITE_P(Operations, LongRequests, testing::ValuesIn(all_operations()), name_of);

}  // namespace

}  // namespace stator::api::generated
