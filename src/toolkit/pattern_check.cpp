#include "toolkit/pattern_check.h"

#include "cache/caching.h"
#include "endpoint/embedded.h"
#include "toolkit/pattern_run.h"
#include "toolkit/seed.h"
#include "toolkit/tables.h"
#include "toolkit/users.h"

namespace stator::toolkit {
namespace {

/// Refers to an endpoint that the caller owns.
class Borrowed : public endpoint::Endpoint {
 public:
  explicit Borrowed(endpoint::Endpoint& endpoint) : endpoint_(endpoint) {}
  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override { endpoint_.call(request, reply); }
  [[nodiscard]] endpoint::Effort effort(std::string_view operation) const override {
    return endpoint_.effort(operation);
  }
  [[nodiscard]] std::string describe() const override { return endpoint_.describe(); }

 private:
  endpoint::Endpoint& endpoint_;
};

bool is_write(const std::string& operation) {
  return operation == "PutItem" || operation == "UpdateItem" || operation == "DeleteItem";
}

/// Returns the fault, or an empty text. A variant is narrower than its pattern, so one item is enough.
std::string judge(const model::Pattern& pattern, const PatternVerdict& verdict) {
  const std::uint64_t least_items = verdict.variant.empty() ? pattern.least_items : 1;
  if (pattern.operation == "Scan") return "scans";
  if (verdict.capacity > pattern.budget) return "over budget";
  if (verdict.cache_ttl_s && verdict.saved <= 0) return "a cache would not answer it";
  if (is_write(pattern.operation) || verdict.items >= least_items) return {};
  if (verdict.items == 0) return "returns nothing";
  return "returns " + std::to_string(verdict.items) + " items, fewer than " + std::to_string(least_items);
}

/// The capacity that the pattern consumes when a cache has its reply.
double capacity_of_hit(endpoint::Endpoint& database, const model::Pattern& pattern, UserDirectory& users,
                       const model::ParameterValues& example) {
  cache::Options options;
  options.lifetimes.set(std::to_string(*pattern.cache_ttl_s));
  cache::Caching cache(std::make_unique<Borrowed>(database), options);
  run_pattern(cache, pattern, users, {example, {}});
  return capacity_of_reply(run_pattern(cache, pattern, users, {example, {}}).json);
}

PatternVerdict check_pattern(const model::Model& model, const model::Pattern& pattern, const model::Variant* variant,
                             const DatabaseFactory& make) {
  PatternVerdict verdict;
  verdict.model = model.name;
  verdict.pattern = pattern.name;
  verdict.budget = pattern.budget;
  if (variant != nullptr) {
    for (const std::string& name : variant->when) verdict.variant += (verdict.variant.empty() ? "--" : " --") + name;
  }
  const auto users = users_from_model(model);
  try {
    const model::ParameterValues example = variant == nullptr ? pattern.example : model::example_of(pattern, *variant);
    const auto database = make();
    create_table(*database, model.table_name, model.create_table_json);
    if (model.conversation || !model.items.empty()) seed(*database, model, *users, {});
    const PatternReply reply = run_pattern(*database, pattern, *users, {example, {}});
    verdict.items = items_of_reply(reply.json).size();
    verdict.capacity = capacity_of_reply(reply.json);
    if (pattern.cache_ttl_s) {
      verdict.cache_ttl_s = pattern.cache_ttl_s;
      verdict.saved = verdict.capacity - capacity_of_hit(*database, pattern, *users, example);
    }
    verdict.fault = judge(pattern, verdict);
  } catch (const OperationError& error) {
    verdict.fault = describe(error);
  } catch (const std::exception& error) {
    verdict.fault = error.what();
  }
  return verdict;
}

}  // namespace

std::unique_ptr<endpoint::Endpoint> open_in_memory() { return std::make_unique<endpoint::Embedded>(engine::Options{}); }

std::vector<PatternVerdict> check_patterns(const std::vector<model::Model>& models, const DatabaseFactory& make) {
  std::vector<PatternVerdict> verdicts;
  for (const model::Model& model : models) {
    for (const model::Pattern& pattern : model.patterns) {
      verdicts.push_back(check_pattern(model, pattern, nullptr, make));
      for (const model::Variant& variant : pattern.variants)
        verdicts.push_back(check_pattern(model, pattern, &variant, make));
    }
  }
  return verdicts;
}

}  // namespace stator::toolkit
