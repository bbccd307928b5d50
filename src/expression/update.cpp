#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "core/api_error.h"
#include "core/limits.h"
#include "expression/path.h"
#include "expression/update_program.h"

namespace stator::expression {
namespace {

using core::AttributeType;
using core::AttributeValue;
using List = AttributeValue::List;
using Map = AttributeValue::Map;

[[noreturn]] void throw_wrong_type(bool legacy) {
  core::throw_validation(legacy ? "Type mismatch for attribute to update"
                                : "An operand in the update expression has an incorrect data type");
}
[[noreturn]] void throw_too_large() {
  core::throw_validation("Item size to update has exceeded the maximum allowed size");
}
[[noreturn]] void throw_missing_attribute() {
  core::throw_validation("The provided expression refers to an attribute that does not exist in the item");
}
[[noreturn]] void throw_invalid_path() {
  core::throw_validation("The document path provided in the update expression is invalid for update");
}

/// Returns nullopt if the item lacks the value. Throws for a wrong type at once, as the service reports that before
/// missing values.
std::optional<AttributeValue> evaluate(const UpdateValue& value, PathResolver& item);

template <class T>
std::optional<T> operand(const UpdateValue& value, PathResolver& item) {
  std::optional<AttributeValue> evaluated = evaluate(value, item);
  if (!evaluated) return std::nullopt;
  T* wanted = evaluated->get_if<T>();
  if (wanted == nullptr) throw_wrong_type(false);
  return std::move(*wanted);
}

std::optional<AttributeValue> append_lists(const UpdateValue& value, PathResolver& item) {
  auto list = operand<List>(value.operands[0], item);
  auto tail = operand<List>(value.operands[1], item);
  if (!list || !tail) return std::nullopt;
  list->insert(list->end(), std::make_move_iterator(tail->begin()), std::make_move_iterator(tail->end()));
  return AttributeValue(std::move(*list));
}

std::optional<AttributeValue> evaluate(const UpdateValue& value, PathResolver& item) {
  switch (value.kind) {
    case UpdateValue::Kind::kValue:
      return *value.value;
    case UpdateValue::Kind::kPath: {
      const AttributeValue* found = item.find(value.path);
      return found == nullptr ? std::nullopt : std::optional(*found);
    }
    case UpdateValue::Kind::kIfNotExists: {
      const AttributeValue* found = item.find(value.path);
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

/// Number of levels of a value: a scalar has one, a map of scalars two.
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

/// Tells whether a value is a member of a set; sorts large sets once.
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
  std::ranges::sort(set->members);  // sorts all of them: an earlier version may have stored the set as it was sent
  return true;
}

/// The lookups for one update's operands, cached since DELETE may name one large set for many attributes.
class SetLookups {
 public:
  /// Removes the members of `less` from `value`; returns false if `value` is not a set of that type.
  template <class Set>
  bool subtract(AttributeValue& value, const AttributeValue& less) {
    auto* set = value.get_if<Set>();
    if (set == nullptr) return false;
    const auto& lookup = lookup_of(less.get_if<Set>()->members);
    std::erase_if(set->members, [&](const auto& member) { return lookup.has(member); });
    return true;
  }

 private:
  const MemberLookup<std::string>& lookup_of(const std::vector<std::string>& members) {
    return texts_.try_emplace(&members, members).first->second;
  }
  const MemberLookup<core::Number>& lookup_of(const std::vector<core::Number>& members) {
    return numbers_.try_emplace(&members, members).first->second;
  }

  std::map<const void*, MemberLookup<std::string>> texts_;
  std::map<const void*, MemberLookup<core::Number>> numbers_;
};

/// REMOVE and DELETE.
bool only_removes(const UpdateAction& action) {
  return action.kind == UpdateAction::Kind::kRemove || action.kind == UpdateAction::Kind::kDelete;
}

// The size of a statement --------------------------------------------------------------------------------------------

std::size_t step_size_bytes(const PathStep& step) {
  const auto* name = std::get_if<std::string>(&step);
  return name != nullptr ? name->size() : std::to_string(std::get<std::uint32_t>(step)).size();
}

std::size_t target_size_bytes(const Path& path) {
  constexpr std::size_t kStep = 4;
  std::size_t size = path.attribute.size();
  for (const PathStep& step : path.steps) size += kStep + step_size_bytes(step);
  return size;
}

std::size_t operand_path_size_bytes(const Path& path) {
  constexpr std::size_t kPath = 1;
  constexpr std::size_t kElement = 14;
  std::size_t size = kPath + kElement + path.attribute.size();
  for (const PathStep& step : path.steps) size += kElement + step_size_bytes(step);
  return size;
}

/// A value counts at every use; a path counts by its text, not by the value at the path.
std::size_t operand_size_bytes(const UpdateValue& value) {
  constexpr std::size_t kPlus = 34;
  constexpr std::size_t kMinus = 37;
  constexpr std::size_t kListAppend = 37;
  constexpr std::size_t kIfNotExists = 39;
  std::size_t size = 0;
  switch (value.kind) {
    case UpdateValue::Kind::kValue:
      return value.value->size_bytes();
    case UpdateValue::Kind::kPath:
      return operand_path_size_bytes(value.path);
    case UpdateValue::Kind::kIfNotExists:
      size = kIfNotExists + operand_path_size_bytes(value.path);
      break;
    case UpdateValue::Kind::kListAppend:
      size = kListAppend;
      break;
    case UpdateValue::Kind::kPlus:
      size = kPlus;
      break;
    case UpdateValue::Kind::kMinus:
      size = kMinus;
      break;
  }
  for (const UpdateValue& operand : value.operands) size += operand_size_bytes(operand);
  return size;
}

/// Applies one program to one item.
///
/// All places that the paths name are located before anything changes, since right-hand sides and list indexes refer to
/// the item as it was. Existing values are changed in place first. Then members and elements are added and removed, one
/// parent at a time and deepest parents first, so that a change to one parent does not move another parent that is
/// still to be changed.
class Application {
 public:
  Application(const UpdateProgram& program, json::Item& item, bool item_exists)
      : program_(program), item_(item), item_exists_(item_exists) {}

  void run() {
    evaluate_all();
    for (std::size_t i = 0; i < program_.actions.size(); ++i) apply(program_.actions[i], i);
    std::ranges::stable_sort(changes_, comes_before);
    for (auto from = changes_.begin(); from != changes_.end();) from = change_parent(from);
  }

 private:
  /// Where an action writes. Both are null for a top-level path.
  struct Place {
    AttributeValue* parent = nullptr;
    AttributeValue* value = nullptr;  // null if the parent has no value there yet
  };
  /// A member or element to be added to its parent or removed from it.
  struct Change {
    const Path* path;
    AttributeValue* parent;  // null for a top-level path
    bool removes;
    AttributeValue added;
  };

  // The item as it was ------------------------------------------------------------------------------------------------

  void evaluate_all() {
    PathResolver before(item_);
    // The service's order of errors: parents of the wrong kind, wrong types, missing values.
    for (const Path& path : program_.paths) check_parent_kind(path, before);
    evaluate_right_hand_sides(before);
    for (std::size_t i = program_.actions.size(); i-- > 0;) check_present(program_.actions[i], values_[i], before);
    for (const UpdateAction& action : program_.actions)
      places_.push_back(place_of(program_.paths[action.path], before));
  }

  void evaluate_right_hand_sides(PathResolver& before) {
    values_.resize(program_.actions.size());
    std::size_t written_bytes = 0;
    for (std::size_t i = 0; i < program_.actions.size(); ++i) {
      const UpdateAction& action = program_.actions[i];
      const Path& path = program_.paths[action.path];
      if (action.kind == UpdateAction::Kind::kSet) {
        std::optional<AttributeValue>& value = values_[i];
        value = evaluate(action.value, before);
        if (!value) continue;
        check_nesting(path, *value);
        count_written(*value, written_bytes);
      } else if (action.kind != UpdateAction::Kind::kRemove) {
        const AttributeValue& operand = *action.value.value;
        const AttributeValue* old = before.find(path);
        if (old != nullptr && old->type() != operand.type()) throw_wrong_type(program_.legacy);
        const bool stays_whole = action.kind == UpdateAction::Kind::kAdd && operand.type() != AttributeType::kNumber;
        if (stays_whole) count_written(operand, written_bytes);
      }
    }
  }

  /// All written values end up in one item, so a sum that exceeds an item's limit is refused before all values are
  /// evaluated.
  static void count_written(const AttributeValue& value, std::size_t& written_bytes) {
    written_bytes += value.size_bytes();
    if (written_bytes > core::kMaxItemSizeBytes) throw_too_large();
  }

  static const AttributeValue* find_parent(const Path& path, PathResolver& before) {
    return before.find(path, path.steps.size() - 1);
  }

  static void check_parent_kind(const Path& path, PathResolver& before) {
    if (path.steps.empty()) return;
    const AttributeValue* parent = find_parent(path, before);
    if (parent != nullptr && !can_hold(*parent, path.steps.back())) throw_invalid_path();
  }

  void check_present(const UpdateAction& action, const std::optional<AttributeValue>& value,
                     PathResolver& before) const {
    const Path& path = program_.paths[action.path];
    const bool may_be_missing = action.kind == UpdateAction::Kind::kRemove && !item_exists_;
    if (!path.steps.empty() && !may_be_missing && find_parent(path, before) == nullptr) throw_invalid_path();
    if (action.kind == UpdateAction::Kind::kSet && !value) throw_missing_attribute();
  }

  static bool can_hold(const AttributeValue& parent, const PathStep& step) {
    return std::holds_alternative<std::string>(step) ? parent.get_if<Map>() != nullptr
                                                     : parent.get_if<List>() != nullptr;
  }

  Place place_of(const Path& path, PathResolver& before) {
    if (path.steps.empty()) return {};
    const AttributeValue* parent = find_parent(path, before);
    if (parent == nullptr) return {};
    item_.find_mutable(path.attribute);  // marks the attribute as changed, so that it is written from its tree
    return {const_cast<AttributeValue*>(parent), const_cast<AttributeValue*>(before.find(path))};
  }

  // In place ----------------------------------------------------------------------------------------------------------

  void apply(const UpdateAction& action, std::size_t i) {
    const Path& path = program_.paths[action.path];
    switch (action.kind) {
      case UpdateAction::Kind::kSet:
        if (auto& value = values_[i]) set(path, places_[i], std::move(*value));
        break;
      case UpdateAction::Kind::kAdd:
        add(path, places_[i], *action.value.value);
        break;
      case UpdateAction::Kind::kDelete:
        take(path, places_[i], *action.value.value);
        break;
      case UpdateAction::Kind::kRemove:
        if (path.steps.empty() || places_[i].value != nullptr) remove(path, places_[i]);
        break;
    }
  }

  void set(const Path& path, const Place& place, AttributeValue value) {
    if (path.steps.empty()) {
      item_.set(path.attribute, std::move(value));
    } else if (place.value != nullptr) {
      *place.value = std::move(value);
    } else {
      changes_.push_back({&path, place.parent, false, std::move(value)});
    }
  }

  AttributeValue* find_for_change(const Path& path, const Place& place) {
    return path.steps.empty() ? item_.find_mutable(path.attribute) : place.value;
  }

  void add(const Path& path, const Place& place, const AttributeValue& more) {
    AttributeValue* value = find_for_change(path, place);
    if (value == nullptr) {
      check_nesting(path, more);
      set(path, place, more);
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

  void take(const Path& path, const Place& place, const AttributeValue& less) {
    AttributeValue* value = find_for_change(path, place);
    if (value == nullptr) return;
    lookups_.subtract<AttributeValue::StringSet>(*value, less) ||
        lookups_.subtract<AttributeValue::NumberSet>(*value, less) ||
        lookups_.subtract<AttributeValue::BinarySet>(*value, less);
    const bool empty = is_empty_set<AttributeValue::StringSet>(*value) ||
                       is_empty_set<AttributeValue::NumberSet>(*value) ||
                       is_empty_set<AttributeValue::BinarySet>(*value);
    if (empty) remove(path, place);  // an empty set is removed
  }

  void remove(const Path& path, const Place& place) { changes_.push_back({&path, place.parent, true, {}}); }

  // Members and elements ----------------------------------------------------------------------------------------------

  /// Deepest parents first, the changes of each parent together: first additions, then removals. Members are added in
  /// the order of their actions, elements in the order of their indexes (gaps are closed).
  static bool comes_before(const Change& a, const Change& b) {
    const std::size_t depth_a = a.path->steps.size();
    const std::size_t depth_b = b.path->steps.size();
    if (depth_a != depth_b) return depth_a > depth_b;
    if (a.parent != b.parent) return std::less<>()(a.parent, b.parent);
    if (a.removes != b.removes) return b.removes;
    return a.parent != nullptr && a.parent->get_if<List>() != nullptr && index_of(*a.path) < index_of(*b.path);
  }

  static std::uint32_t index_of(const Path& path) { return std::get<std::uint32_t>(path.steps.back()); }
  static const std::string& name_of(const Path& path) { return std::get<std::string>(path.steps.back()); }

  /// Makes all changes of one parent in one pass over it. Returns the first change of the next parent.
  std::vector<Change>::iterator change_parent(std::vector<Change>::iterator from) {
    if (from->parent == nullptr) {
      item_.remove(from->path->attribute);
      return from + 1;
    }
    AttributeValue& parent = *from->parent;
    const auto to = std::find_if(from, changes_.end(), [&](const Change& each) { return each.parent != &parent; });
    const auto removed = std::find_if(from, to, [](const Change& each) { return each.removes; });
    if (auto* map = parent.get_if<Map>()) {
      for (auto each = from; each != removed; ++each) map->push_back({name_of(*each->path), std::move(each->added)});
      std::set<std::string_view> names;
      for (auto each = removed; each != to; ++each) names.insert(name_of(*each->path));
      if (!names.empty())
        std::erase_if(*map, [&](const core::MapMember& member) { return names.contains(member.name); });
    } else if (auto* list = parent.get_if<List>()) {
      for (auto each = from; each != removed; ++each) list->push_back(std::move(each->added));
      std::set<std::size_t> indexes;
      for (auto each = removed; each != to; ++each) indexes.insert(index_of(*each->path));
      std::size_t at = 0;
      if (!indexes.empty()) std::erase_if(*list, [&](const AttributeValue&) { return indexes.contains(at++); });
    }
    return to;
  }

  const UpdateProgram& program_;
  json::Item& item_;
  const bool item_exists_;
  std::vector<std::optional<AttributeValue>> values_;  // value of each SET, by action
  std::vector<Place> places_;                          // by action
  std::vector<Change> changes_;
  SetLookups lookups_;
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

std::size_t Update::statement_size_bytes() const {
  if (program_->legacy || program_->of_statement) return 0;
  constexpr std::size_t kStatement = 3;
  constexpr std::size_t kWriting = 19;
  constexpr std::size_t kRemoving = 1;
  std::size_t size = kStatement;
  for (const UpdateAction& action : program_->actions) {
    size += target_size_bytes(program_->paths[action.path]);
    // The operand of a DELETE is not counted.
    size += only_removes(action) ? kRemoving : kWriting + operand_size_bytes(action.value);
  }
  return size;
}

}  // namespace stator::expression
