#include <algorithm>

#include "core/api_error.h"
#include "core/limits.h"
#include "expression/path.h"
#include "expression/update_program.h"

namespace stator::expression {
namespace {

using core::AttributeValue;
using List = AttributeValue::List;
using Map = AttributeValue::Map;

[[noreturn]] void throw_wrong_type(bool legacy) {
  core::throw_validation(legacy ? "Type mismatch for attribute to update"
                                : "An operand in the update expression has an incorrect data type");
}
[[noreturn]] void throw_missing_attribute() {
  core::throw_validation("The provided expression refers to an attribute that does not exist in the item");
}
[[noreturn]] void throw_invalid_path() {
  core::throw_validation("The document path provided in the update expression is invalid for update");
}

/// nullopt where the value is not in the item. A wrong type is an error at once, as it is reported before what is
/// missing.
std::optional<AttributeValue> evaluate(const UpdateValue& value, const json::Item& item);

template <class T>
std::optional<T> operand(const UpdateValue& value, const json::Item& item) {
  std::optional<AttributeValue> evaluated = evaluate(value, item);
  if (!evaluated) return std::nullopt;
  T* wanted = evaluated->get_if<T>();
  if (wanted == nullptr) throw_wrong_type(false);
  return std::move(*wanted);
}

std::optional<AttributeValue> append_lists(const UpdateValue& value, const json::Item& item) {
  auto list = operand<List>(value.operands[0], item);
  auto tail = operand<List>(value.operands[1], item);
  if (!list || !tail) return std::nullopt;
  list->insert(list->end(), std::make_move_iterator(tail->begin()), std::make_move_iterator(tail->end()));
  return AttributeValue(std::move(*list));
}

std::optional<AttributeValue> evaluate(const UpdateValue& value, const json::Item& item) {
  switch (value.kind) {
    case UpdateValue::Kind::kValue:
      return value.value;
    case UpdateValue::Kind::kPath: {
      const AttributeValue* found = resolve(item, value.path);
      return found == nullptr ? std::nullopt : std::optional(*found);
    }
    case UpdateValue::Kind::kIfNotExists: {
      const AttributeValue* found = resolve(item, value.path);
      return found == nullptr ? evaluate(value.operands.front(), item) : *found;
    }
    case UpdateValue::Kind::kListAppend:
      return append_lists(value, item);
    default:
      break;
  }
  const auto left = operand<core::Number>(value.operands[0], item);
  const auto right = operand<core::Number>(value.operands[1], item);
  if (!left || !right) return std::nullopt;
  return AttributeValue::number(value.kind == UpdateValue::Kind::kPlus ? left->plus(*right) : left->minus(*right));
}

/// Levels of a value: a scalar is one, a map of scalars two.
std::size_t height(const AttributeValue& value) {
  std::size_t highest = 0;
  if (const auto* list = value.get_if<List>()) {
    for (const AttributeValue& element : *list) highest = std::max(highest, height(element));
  } else if (const auto* map = value.get_if<Map>()) {
    for (const core::MapMember& member : *map) highest = std::max(highest, height(member.value));
  }
  return highest + 1;
}

void check_nesting(const Path& path, const AttributeValue& value) {
  if (path.steps.size() + height(value) <= core::kMaxNestingDepth) return;
  core::throw_validation(
      "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
      "limit");
}

template <class Set>
bool is_empty_set(const AttributeValue& value) {
  const auto* set = value.get_if<Set>();
  return set != nullptr && set->members.empty();
}

/// Answers whether a value is among the members of a set; sorts large sets once.
template <class Member>
class MemberLookup {
 public:
  explicit MemberLookup(const std::vector<Member>& members) : members_(members) {
    if (members.size() <= kSearchLinearlyUpTo) return;
    sorted_.reserve(members.size());
    for (const Member& member : members) sorted_.push_back(&member);
    std::sort(sorted_.begin(), sorted_.end(), [](const Member* a, const Member* b) { return *a < *b; });
  }

  [[nodiscard]] bool has(const Member& member) const {
    if (sorted_.empty()) return std::find(members_.begin(), members_.end(), member) != members_.end();
    const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), member,
                                        [](const Member* a, const Member& b) { return *a < b; });
    return found != sorted_.end() && **found == member;
  }

 private:
  static constexpr std::size_t kSearchLinearlyUpTo = 16;
  const std::vector<Member>& members_;
  std::vector<const Member*> sorted_;
};

template <class Set>
bool unite(AttributeValue& value, const AttributeValue& more) {
  auto* set = value.get_if<Set>();
  if (set == nullptr) return false;
  auto added = more.get_if<Set>()->members;
  {
    const MemberLookup lookup(set->members);
    std::erase_if(added, [&](const auto& member) { return lookup.has(member); });
  }
  set->members.insert(set->members.end(), std::make_move_iterator(added.begin()), std::make_move_iterator(added.end()));
  return true;
}

template <class Set>
bool subtract(AttributeValue& value, const AttributeValue& less) {
  auto* set = value.get_if<Set>();
  if (set == nullptr) return false;
  const MemberLookup lookup(less.get_if<Set>()->members);
  std::erase_if(set->members, [&](const auto& member) { return lookup.has(member); });
  return true;
}

/// Whether the action only takes away.
bool takes(const UpdateAction& action) {
  return action.kind == UpdateAction::Kind::kRemove || action.kind == UpdateAction::Kind::kDelete;
}

/// Applies one program to one item.
class Application {
 public:
  Application(const UpdateProgram& program, json::Item& item, bool item_exists)
      : program_(program), item_(item), item_exists_(item_exists) {}

  void run() {
    // What the service reports first: parents of the wrong kind, then wrong types, then what is missing.
    for (const Path& path : program_.paths) check_parent_kind(path);
    evaluate_right_hand_sides();
    for (std::size_t i = program_.actions.size(); i-- > 0;) check_present(program_.actions[i], values_[i]);
    // List indexes mean the list as it was, so nothing is removed or appended before all else was done in place.
    for (std::size_t i = 0; i < program_.actions.size(); ++i) {
      const UpdateAction& action = program_.actions[i];
      const Path& path = program_.paths[action.path];
      switch (action.kind) {
        case UpdateAction::Kind::kSet:
          set(path, std::move(*values_[i]));
          break;
        case UpdateAction::Kind::kAdd:
          add(path, action.value.value);
          break;
        case UpdateAction::Kind::kDelete:
          take(path, action.value.value);
          break;
        case UpdateAction::Kind::kRemove:
          note_removal(path);
          break;
      }
    }
    append_elements();
    remove_paths();
  }

 private:
  struct Append {
    const Path* path;
    std::uint32_t index;
    AttributeValue value;
  };

  void evaluate_right_hand_sides() {
    values_.resize(program_.actions.size());
    for (std::size_t i = 0; i < program_.actions.size(); ++i) {
      const UpdateAction& action = program_.actions[i];
      const Path& path = program_.paths[action.path];
      if (action.kind == UpdateAction::Kind::kSet) {
        values_[i] = evaluate(action.value, item_);
        if (values_[i]) check_nesting(path, *values_[i]);
      } else if (action.kind != UpdateAction::Kind::kRemove) {
        const AttributeValue* old = resolve(item_, path);
        if (old != nullptr && old->type() != action.value.value.type()) throw_wrong_type(program_.legacy);
      }
    }
  }

  static std::span<const PathStep> parent_steps(const Path& path) {
    return std::span(path.steps).first(path.steps.size() - 1);
  }
  [[nodiscard]] const AttributeValue* find_parent(const Path& path) const {
    return resolve_steps(item_.find(path.attribute), parent_steps(path));
  }

  void check_parent_kind(const Path& path) const {
    if (path.steps.empty()) return;
    const AttributeValue* parent = find_parent(path);
    if (parent != nullptr && !can_hold(*parent, path.steps.back())) throw_invalid_path();
  }

  void check_present(const UpdateAction& action, const std::optional<AttributeValue>& value) const {
    const Path& path = program_.paths[action.path];
    const bool may_be_missing = action.kind == UpdateAction::Kind::kRemove && !item_exists_;
    if (!path.steps.empty() && !may_be_missing && find_parent(path) == nullptr) throw_invalid_path();
    if (action.kind == UpdateAction::Kind::kSet && !value) throw_missing_attribute();
  }

  static bool can_hold(const AttributeValue& parent, const PathStep& step) {
    return std::holds_alternative<std::string>(step) ? parent.get_if<Map>() != nullptr
                                                     : parent.get_if<List>() != nullptr;
  }

  /// The value that holds the last step of a nested path, for changing; null where there is none.
  AttributeValue* parent_of(const Path& path) {
    AttributeValue* value = item_.find_mutable(path.attribute);
    for (std::size_t i = 0; value != nullptr && i + 1 < path.steps.size(); ++i) value = child(*value, path.steps[i]);
    return value != nullptr && can_hold(*value, path.steps.back()) ? value : nullptr;
  }

  static AttributeValue* child(AttributeValue& value, const PathStep& step) {
    if (const auto* name = std::get_if<std::string>(&step)) return value.member(*name);
    auto* list = value.get_if<List>();
    const std::size_t index = std::get<std::uint32_t>(step);
    return list != nullptr && index < list->size() ? &(*list)[index] : nullptr;
  }

  AttributeValue& require_parent(const Path& path) {
    AttributeValue* parent = parent_of(path);
    if (parent == nullptr) throw_invalid_path();
    return *parent;
  }

  void set(const Path& path, AttributeValue value) {
    if (path.steps.empty()) {
      item_.set(path.attribute, std::move(value));
      return;
    }
    AttributeValue& parent = require_parent(path);
    if (AttributeValue* existing = child(parent, path.steps.back())) {
      *existing = std::move(value);
    } else if (const auto* name = std::get_if<std::string>(&path.steps.back())) {
      parent.get_if<Map>()->push_back({*name, std::move(value)});
    } else {
      appends_.push_back({&path, std::get<std::uint32_t>(path.steps.back()), std::move(value)});
    }
  }

  AttributeValue* find_for_change(const Path& path) {
    if (path.steps.empty()) return item_.find_mutable(path.attribute);
    return child(require_parent(path), path.steps.back());
  }

  void add(const Path& path, const AttributeValue& more) {
    AttributeValue* value = find_for_change(path);
    if (value == nullptr) {
      check_nesting(path, more);
      set(path, more);
      return;
    }
    if (auto* number = value->get_if<core::Number>()) {
      *number = number->plus(*more.get_if<core::Number>());
    } else if (auto* list = value->get_if<List>()) {
      const List& tail = *more.get_if<List>();
      list->insert(list->end(), tail.begin(), tail.end());
    } else {
      unite<AttributeValue::StringSet>(*value, more) || unite<AttributeValue::NumberSet>(*value, more) ||
          unite<AttributeValue::BinarySet>(*value, more);
    }
  }

  void take(const Path& path, const AttributeValue& less) {
    AttributeValue* value = find_for_change(path);
    if (value == nullptr) return;
    subtract<AttributeValue::StringSet>(*value, less) || subtract<AttributeValue::NumberSet>(*value, less) ||
        subtract<AttributeValue::BinarySet>(*value, less);
    const bool empty = is_empty_set<AttributeValue::StringSet>(*value) ||
                       is_empty_set<AttributeValue::NumberSet>(*value) ||
                       is_empty_set<AttributeValue::BinarySet>(*value);
    if (empty) removals_.push_back(&path);  // there are no empty sets
  }

  void note_removal(const Path& path) {
    if (path.steps.empty() || parent_of(path) != nullptr) removals_.push_back(&path);
  }

  /// Elements beyond the end of their list are appended in the order of their indexes.
  void append_elements() {
    std::stable_sort(appends_.begin(), appends_.end(),
                     [](const Append& a, const Append& b) { return a.index < b.index; });
    for (Append& append : appends_) {
      require_parent(*append.path).get_if<List>()->push_back(std::move(append.value));
    }
  }

  /// From the last element to the first, so that no removal moves what is still to be removed.
  void remove_paths() {
    std::sort(removals_.begin(), removals_.end(), [](const Path* a, const Path* b) { return b->steps < a->steps; });
    for (const Path* path : removals_) {
      if (path->steps.empty()) {
        item_.remove(path->attribute);
        continue;
      }
      AttributeValue& parent = require_parent(*path);
      if (const auto* name = std::get_if<std::string>(&path->steps.back())) {
        std::erase_if(*parent.get_if<Map>(), [&](const core::MapMember& member) { return member.name == *name; });
      } else {
        List& list = *parent.get_if<List>();
        const std::size_t index = std::get<std::uint32_t>(path->steps.back());
        if (index < list.size()) list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
      }
    }
  }

  const UpdateProgram& program_;
  json::Item& item_;
  const bool item_exists_;
  std::vector<std::optional<AttributeValue>> values_;  // of each SET, by action
  std::vector<Append> appends_;
  std::vector<const Path*> removals_;
};

}  // namespace

Update::Update(std::shared_ptr<const UpdateProgram> program) : program_(std::move(program)) {}

void Update::apply(json::Item& item, bool item_exists) const { Application(*program_, item, item_exists).run(); }

bool Update::creates_item() const {
  return std::any_of(program_->actions.begin(), program_->actions.end(), [](const UpdateAction& action) {
    return action.kind == UpdateAction::Kind::kSet || action.kind == UpdateAction::Kind::kAdd;
  });
}

const std::vector<Path>& Update::paths() const { return program_->paths; }

std::size_t Update::action_cost_bytes() const {
  constexpr std::size_t kUpdateCost = 3;
  constexpr std::size_t kWriteCost = 19;
  constexpr std::size_t kListIndexCost = 1;
  constexpr std::size_t kArithmeticCost = 50;
  constexpr std::size_t kTakeCost = 2;
  std::size_t cost = kUpdateCost;
  for (const UpdateAction& action : program_->actions) {
    if (takes(action)) {
      cost += kTakeCost;
      continue;
    }
    const std::vector<PathStep>& steps = program_->paths[action.path].steps;
    const bool into_list = std::any_of(
        steps.begin(), steps.end(), [](const PathStep& step) { return std::holds_alternative<std::uint32_t>(step); });
    const bool arithmetic =
        action.value.kind == UpdateValue::Kind::kPlus || action.value.kind == UpdateValue::Kind::kMinus;
    cost += kWriteCost + (into_list ? kListIndexCost : 0) + (arithmetic ? kArithmeticCost : 0);
  }
  return cost;
}

std::size_t Update::written_size_bytes(const json::Item& updated) const {
  std::size_t size = 0;
  std::vector<std::string_view> written;
  for (const UpdateAction& action : program_->actions) {
    if (!takes(action)) written.push_back(program_->paths[action.path].attribute);
  }
  std::sort(written.begin(), written.end());
  written.erase(std::unique(written.begin(), written.end()), written.end());
  for (const std::string_view name : written) {
    const AttributeValue* value = updated.find(name);
    if (value != nullptr) size += name.size() + value->size_bytes();
  }
  return size;
}

}  // namespace stator::expression
