#include "toolkit/pattern_check.h"

#include "endpoint/embedded.h"
#include "toolkit/pattern_run.h"
#include "toolkit/seed.h"
#include "toolkit/tables.h"
#include "toolkit/users.h"

namespace stator::toolkit {
namespace {

bool is_write(const std::string& operation) {
  return operation == "PutItem" || operation == "UpdateItem" || operation == "DeleteItem";
}

/// A variant is narrower than its pattern, and need not find as much.
std::string judge(const model::Pattern& pattern, const PatternVerdict& verdict) {
  const std::uint64_t least_items = verdict.variant.empty() ? pattern.least_items : 1;
  if (pattern.operation == "Scan") return "scans";
  if (verdict.capacity > pattern.budget) return "over budget";
  if (is_write(pattern.operation) || verdict.items >= least_items) return {};
  if (verdict.items == 0) return "returns nothing";
  return "returns " + std::to_string(verdict.items) + " items, fewer than " + std::to_string(least_items);
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
