#include "api/generated/mutations.h"

#include <algorithm>
#include <string_view>

namespace stator::api::generated {

namespace {

using namespace std::string_literals;

std::string repeat(std::string_view unit, std::size_t count) {
  std::string text;
  text.reserve(unit.size() * count);
  for (std::size_t i = 0; i < count; ++i) text += unit;
  return text;
}

JsonTree& value_at(JsonTree& parent, std::size_t at) {
  return parent.kind == JsonTree::Kind::kObject ? parent.members[at].value : parent.elements[at];
}

void replace(JsonTree& parent, std::size_t at, std::string text) {
  value_at(parent, at) = JsonTree::raw(std::move(text));
}

void remove(JsonTree& parent, std::size_t at) {
  const auto offset = static_cast<std::ptrdiff_t>(at);
  if (parent.kind == JsonTree::Kind::kObject) {
    parent.members.erase(parent.members.begin() + offset);
  } else {
    parent.elements.erase(parent.elements.begin() + offset);
  }
}

/// Inserts a member of the same name (or one more element) right after it.
void insert_after(JsonTree& parent, std::size_t at, JsonTree value) {
  const auto offset = static_cast<std::ptrdiff_t>(at) + 1;
  if (parent.kind == JsonTree::Kind::kObject) {
    std::string name = parent.members[at].name;
    parent.members.insert(parent.members.begin() + offset, {std::move(name), std::move(value)});
  } else {
    parent.elements.insert(parent.elements.begin() + offset, std::move(value));
  }
}

/// Keeps the value and adds `text` after it under the same name.
void follow_by(JsonTree& parent, std::size_t at, std::string text) {
  insert_after(parent, at, JsonTree::raw(std::move(text)));
}

/// Adds `text` before the value, under the same name.
void precede_by(JsonTree& parent, std::size_t at, std::string text) {
  JsonTree value = value_at(parent, at);
  replace(parent, at, std::move(text));
  insert_after(parent, at, std::move(value));
}

/// Values of every kind, and texts that are not JSON.
const std::vector<std::string>& kinds() {
  static const std::vector<std::string> kKinds = {
      R"("")",
      R"("x")",
      R"("true")",
      R"("\u0000")",
      R"("\u00e9\ud83d\ude00")",
      R"("\ud800")",
      "0",
      "1",
      "-1",
      "1.5",
      "-0.0",
      "1e308",
      "1e-400",
      "1e999",
      "9223372036854775807",
      "-9223372036854775808",
      "18446744073709551615",
      "100000000000000000000",
      "true",
      "false",
      "{}",
      "[]",
      "[null]",
      "[[]]",
      "[{}]",
      R"([""])",
      R"({"":null})",
      R"({"":""})",
      R"({"x":{}})",
      R"({"x":[]})",
      R"({"S":"x"})",
      R"({"S":"x","N":"1"})",
      R"({"x":{"S":"x"}})",
      R"([{"S":"x"}])",
      R"({"NULL":null})",
      R"({"M":{"x":null}})",
      R"({"L":[null]})",
      R"({"SS":[null]})",
      R"({"SS":[]})",
      R"({"SS":["a","a"]})",
      R"({"NS":["1","1.0"]})",
      R"({"BS":["AA==","AA=="]})",
      R"({"N":"x"})",
      R"({"N":"é"})",
      R"({"B":"x"})",
      R"({"B":"éé"})",
      R"({"B":"aa語aaa"})",
      R"({"BS":["éé"]})",
      R"({"é":{"S":"x"}})",
      R"("é")",
      R"("aaa語")",
      R"("é = :v")",
      R"("#語 = :é")",
      R"("語[é]")",
      R"("SET é = :é")",
      R"("arn:é:table/é")",
      "\"\xff\"",
      "\"\xc3\"",
      "",
      "nul",
  };
  return kKinds;
}

/// A text of characters of one, two, three and four bytes: truncating it by bytes splits one of them.
std::string wide_text(std::size_t characters) {
  std::string text = "\"";
  for (std::size_t i = 0; i < characters; ++i) {
    constexpr std::string_view kCharacters[] = {"a", "é", "語", "😀"};
    text += kCharacters[(i + i / 4) % 4];
  }
  return text + "\"";
}

std::vector<Mutation> make_small_mutations() {
  std::vector<Mutation> all = {
      {"missing", remove},
      {"null", [](JsonTree& parent, std::size_t at) { replace(parent, at, "null"); }},
      {"twice, then null", [](JsonTree& parent, std::size_t at) { follow_by(parent, at, "null"); }},
      {"twice, first null", [](JsonTree& parent, std::size_t at) { precede_by(parent, at, "null"); }},
      {"null, twice",
       [](JsonTree& parent, std::size_t at) {
         replace(parent, at, "null");
         follow_by(parent, at, "null");
       }},
      {"twice the same",
       [](JsonTree& parent, std::size_t at) { insert_after(parent, at, JsonTree(value_at(parent, at))); }},
      {"three times, null in the middle",
       [](JsonTree& parent, std::size_t at) {
         insert_after(parent, at, JsonTree(value_at(parent, at)));
         follow_by(parent, at, "null");
       }},
  };
  for (const std::string& kind : kinds()) {
    all.push_back({"replaced by " + kind, [kind](JsonTree& parent, std::size_t at) { replace(parent, at, kind); }});
    all.push_back({"twice, then " + kind, [kind](JsonTree& parent, std::size_t at) { follow_by(parent, at, kind); }});
    all.push_back({"twice, first " + kind, [kind](JsonTree& parent, std::size_t at) { precede_by(parent, at, kind); }});
  }
  for (const std::size_t characters : {2U, 37U, 256U, 1025U, 9000U, 30'000U}) {
    for (std::size_t shift = 0; shift < 4; ++shift) {
      const std::size_t length = characters + shift;
      all.push_back({"a text of " + std::to_string(length) + " wide characters",
                     [length](JsonTree& parent, std::size_t at) { replace(parent, at, wide_text(length)); }});
    }
  }
  return all;
}

std::string list_of(std::string_view element, std::size_t count) {
  std::string text = "[" + std::string(element);
  for (std::size_t i = 1; i < count; ++i) text.append(",").append(element);
  return text + "]";
}

std::string map_of(std::string_view value, std::size_t count) {
  std::string text = "{";
  for (std::size_t i = 0; i < count; ++i) {
    text.append(i == 0 ? "" : ",").append("\"name").append(std::to_string(i)).append("\":").append(value);
  }
  return text + "}";
}

std::string set_of(std::string_view type, std::size_t count, const std::function<std::string(std::size_t)>& member) {
  std::string text = "{\"" + std::string(type) + "\":[";
  for (std::size_t i = 0; i < count; ++i) text.append(i == 0 ? "\"" : ",\"").append(member(i)).append("\"");
  return text + "]}";
}

/// Returns the value's first element or entry, or the value itself if it has none.
const JsonTree& first_of(const JsonTree& value) {
  if (value.kind == JsonTree::Kind::kArray && !value.elements.empty()) return value.elements.front();
  if (value.kind == JsonTree::Kind::kObject && !value.members.empty()) return value.members.front().value;
  return value;
}

/// Returns the first or the last text inside; null if there is none.
JsonTree* text_in(JsonTree& tree, bool last) {
  if (tree.kind == JsonTree::Kind::kText) return tree.text.starts_with('"') ? &tree : nullptr;
  JsonTree* found = nullptr;
  const auto look = [&](JsonTree& inner) {
    if (JsonTree* text = text_in(inner, last); text != nullptr && (last || found == nullptr)) found = text;
  };
  for (auto& [name, value] : tree.members) look(value);
  for (JsonTree& element : tree.elements) look(element);
  return found;
}

/// Returns how often `text` fits into the service's limit on bodies, at most `count`.
std::size_t fitting(std::string_view text, std::size_t count) {
  constexpr std::size_t kRoomPerCount = 150;
  constexpr std::size_t kSeparatorBytes = 20;
  return std::min(count, count * kRoomPerCount / (text.size() + kSeparatorBytes) + 1);
}

/// Repeats the value's first element or entry many times; in an object each gets its own name.
void multiply(JsonTree& parent, std::size_t at, std::size_t count) {
  const std::string first = first_of(value_at(parent, at)).text_of();
  const bool named = value_at(parent, at).kind == JsonTree::Kind::kObject;
  replace(parent, at, named ? map_of(first, fitting(first, count)) : list_of(first, fitting(first, count)));
}

/// Repeats the value's first element many times, each with a different first or last text: `"a"` becomes `"a17"`.
void multiply_distinct(JsonTree& parent, std::size_t at, std::size_t count, bool last) {
  JsonTree element = first_of(value_at(parent, at));
  JsonTree* numbered = text_in(element, last);
  if (numbered == nullptr) return multiply(parent, at, count);
  const std::string before = numbered->text.substr(0, numbered->text.size() - 1);
  const std::size_t fits = fitting(element.text_of(), count);
  std::string text = "[";
  for (std::size_t i = 0; i < fits; ++i) {
    numbered->text = before + std::to_string(i) + "\"";
    text.append(i == 0 ? "" : ",").append(element.text_of());
  }
  replace(parent, at, text + "]");
}

template <class Text>
Growth grown(std::string name, Text text) {
  return {std::move(name),
          [text](JsonTree& parent, std::size_t at, std::size_t count) { replace(parent, at, text(count)); }};
}

std::vector<Growth> make_growths() {
  return {
      grown("a long text", [](std::size_t count) { return "\"" + std::string(count * 10, 'a') + "\""; }),
      grown("a long text of wide characters", [](std::size_t count) { return "\"" + repeat("語é", count) + "\""; }),
      grown("a long text of escapes", [](std::size_t count) { return "\"" + repeat(R"(\"\u0001)", count) + "\""; }),
      grown("a long text of digits", [](std::size_t count) { return "\"" + std::string(count, '7') + "\""; }),
      grown("a long number", [](std::size_t count) { return std::string(count, '7'); }),
      grown("a number of many decimals", [](std::size_t count) { return "0." + std::string(count, '7'); }),
      grown("a number with a long exponent", [](std::size_t count) { return "1e" + std::string(count, '0') + "1"; }),
      grown("deep lists", [](std::size_t count) { return std::string(count, '[') + std::string(count, ']'); }),
      grown("deep maps", [](std::size_t count) { return repeat(R"({"a":)", count) + "1" + std::string(count, '}'); }),
      grown("a deep attribute value",
            [](std::size_t count) { return repeat(R"({"L":[)", count) + repeat("]}", count); }),
      grown("attribute values as deep as the parser allows, many times",
            [](std::size_t count) {
              constexpr std::size_t kLevels = 400;
              return list_of(repeat(R"({"L":[)", kLevels) + repeat("]}", kLevels), 1 + count / kLevels);
            }),
      grown("many texts", [](std::size_t count) { return list_of(R"("a")", count); }),
      grown("many nulls", [](std::size_t count) { return list_of("null", count); }),
      grown("many empty objects", [](std::size_t count) { return list_of("{}", count); }),
      grown("many attribute values", [](std::size_t count) { return map_of(R"({"S":"a"})", count); }),
      grown("a set of many texts",
            [](std::size_t count) { return set_of("SS", count, [](std::size_t i) { return std::to_string(i); }); }),
      grown("a set of many numbers",
            [](std::size_t count) { return set_of("NS", count, [](std::size_t i) { return std::to_string(i); }); }),
      grown("a set of many binaries",
            [](std::size_t count) {
              return set_of("BS", count, [](std::size_t i) {
                std::string text = std::to_string(10'000'000 + i);
                return text;
              });
            }),
      grown("an attribute map of many entries",
            [](std::size_t count) { return R"({"M":)" + map_of(R"({"S":"a"})", count) + "}"; }),
      grown("an attribute list of many elements",
            [](std::size_t count) { return R"({"L":)" + list_of(R"({"S":"a"})", count) + "}"; }),
      {"many of what it holds", multiply},
      {"many of what it holds, each with another first text",
       [](JsonTree& parent, std::size_t at, std::size_t count) { multiply_distinct(parent, at, count, false); }},
      {"many of what it holds, each with another last text",
       [](JsonTree& parent, std::size_t at, std::size_t count) { multiply_distinct(parent, at, count, true); }},
      {"given many times",
       [](JsonTree& parent, std::size_t at, std::size_t count) {
         if (parent.kind != JsonTree::Kind::kObject) {
           // Repeated in the list that contains it.
           const std::string element = value_at(parent, at).text_of();
           parent = JsonTree::raw(list_of(element, fitting(element, count)));
           return;
         }
         const JsonTree value = value_at(parent, at);
         const std::string name = parent.members[at].name;
         parent.members.resize(parent.members.size() + fitting(value.text_of(), count), {name, value});
       }},
      {"under a long name",
       [](JsonTree& parent, std::size_t at, std::size_t count) {
         if (parent.kind == JsonTree::Kind::kObject) parent.members[at].name = repeat("語é", count);
       }},
      {"beside many unknown members",
       [](JsonTree& parent, std::size_t, std::size_t count) {
         if (parent.kind != JsonTree::Kind::kObject) return;
         for (std::size_t i = 0; i < count; ++i) {
           parent.members.push_back({"unknown" + std::to_string(i), JsonTree::raw("1")});
         }
       }},
  };
}

}  // namespace

const std::vector<Mutation>& small_mutations() {
  static const std::vector<Mutation> kAll = make_small_mutations();
  return kAll;
}

const std::vector<Repetition>& repetitions() {
  static const std::vector<Repetition> kAll = [] {
    std::vector<Repetition> all;
    for (const std::string text : {R"("")", R"("x")", "1", "true", "{}", "[]", R"({"S":"x"})", "null"}) {
      all.push_back({[text](JsonTree& parent, std::size_t at) { follow_by(parent, at, text); },
                     [text](JsonTree& parent, std::size_t at) { replace(parent, at, text); }});
      all.push_back(
          {[text](JsonTree& parent, std::size_t at) { precede_by(parent, at, text); }, [](JsonTree&, std::size_t) {}});
    }
    return all;
  }();
  return kAll;
}

const std::vector<Growth>& growths() {
  static const std::vector<Growth> kAll = make_growths();
  return kAll;
}

}  // namespace stator::api::generated
