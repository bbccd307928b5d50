#include "json/item.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/base64.h"
#include "core/damage_error.h"
#include "json/writer.h"

namespace stator::json {
namespace {

using core::AttributeValue;

std::string json_of(const Item& item) {
  std::string out;
  item.append_json(out);
  return out;
}

AttributeValue number(std::int64_t value) { return AttributeValue::number(core::Number(value)); }

const std::string kStored =
    R"({"pk":{"S":"a\"b}"},"n":{"N":"12"},"m":{"M":{"x":{"L":[{"S":"]"}]}}},"we\"ird\u0001":{"BOOL":false},"é":{"NULL":true}})";

TEST(Item, FindsAttributesByTheirUnescapedName) {
  const Item item(kStored);
  EXPECT_EQ(item.attribute_count(), 5);
  EXPECT_FALSE(item.empty());
  EXPECT_EQ(*item.find("pk"), AttributeValue::string("a\"b}"));
  EXPECT_EQ(*item.find("n"), number(12));
  EXPECT_EQ(*item.find("m")->member("x"), AttributeValue::Storage(AttributeValue::List{AttributeValue::string("]")}));
  EXPECT_EQ(*item.find("we\"ird\x01"), AttributeValue::boolean(false));
  EXPECT_EQ(*item.find("é"), AttributeValue::null());
  EXPECT_EQ(item.find("we"), nullptr);
  EXPECT_EQ(item.find("x"), nullptr);
  EXPECT_EQ(item.find(""), nullptr);
}

TEST(Item, OneAttributeIsFoundWithoutAnItem) {
  EXPECT_EQ(find_attribute(kStored, "pk"), R"({"S":"a\"b}"})");
  EXPECT_EQ(find_attribute(kStored, "we\"ird\x01"), R"({"BOOL":false})");
  EXPECT_EQ(find_attribute(kStored, "é"), R"({"NULL":true})");
  EXPECT_EQ(find_attribute(kStored, "x"), "");  // exists only within m
  EXPECT_EQ(find_attribute(kStored, ""), "");
  EXPECT_EQ(find_attribute("{}", "pk"), "");
  EXPECT_THROW(static_cast<void>(find_attribute(R"({"pk":{"S":"a)", "n")), core::DamageError);
}

TEST(Item, AnEmptyItemHasNothing) {
  for (const Item& item : {Item(), Item("{}")}) {
    EXPECT_TRUE(item.empty());
    EXPECT_EQ(item.find("a"), nullptr);
    EXPECT_EQ(json_of(item), "{}");
    EXPECT_EQ(item.size_bytes(), 0);
  }
}

TEST(Item, EditingTouchesOnlyWhatIsNamed) {
  Item item(kStored);
  item.set("n", number(13));
  item.set("new\n", AttributeValue::string("v"));
  *item.find_mutable("é") = AttributeValue::boolean(true);
  EXPECT_TRUE(item.remove("pk"));
  EXPECT_FALSE(item.remove("pk"));
  EXPECT_FALSE(item.remove("none"));
  EXPECT_EQ(item.find("pk"), nullptr);
  EXPECT_EQ(item.find_mutable("pk"), nullptr);
  EXPECT_EQ(item.find_mutable("none"), nullptr);
  EXPECT_EQ(item.attribute_count(), 5);
  EXPECT_EQ(
      json_of(item),
      R"({"n":{"N":"13"},"m":{"M":{"x":{"L":[{"S":"]"}]}}},"we\"ird\u0001":{"BOOL":false},"é":{"BOOL":true},"new\n":{"S":"v"}})");
  item.set("pk", AttributeValue::string("back"));
  EXPECT_EQ(*item.find("pk"), AttributeValue::string("back"));
  EXPECT_EQ(item.attribute_count(), 6);
  EXPECT_EQ(normalise_item(Parser::of_this_thread().parse(json_of(item))).size_bytes, item.size_bytes());
}

TEST(Item, ChangingInsideAFoundValueIsWritten) {
  Item item(kStored);
  *item.find_mutable("m")->member("x") = number(7);
  std::string value;
  ASSERT_TRUE(item.append_attribute("m", value));
  EXPECT_EQ(value, R"({"M":{"x":{"N":"7"}}})");
  EXPECT_EQ(item.size_bytes(), normalise_item(Parser::of_this_thread().parse(json_of(item))).size_bytes);
}

TEST(Item, AppendsOneAttributesValue) {
  Item item(kStored);
  std::string out = ">";
  EXPECT_TRUE(item.append_attribute("we\"ird\x01", out));
  EXPECT_EQ(out, R"(>{"BOOL":false})");
  item.remove("n");
  EXPECT_FALSE(item.append_attribute("n", out));
  EXPECT_FALSE(item.append_attribute("none", out));
}

TEST(Item, AnItemBuiltFromNothingCanBeMoved) {
  Item item;
  for (int i = 0; i < 50; ++i) {
    item.set("a" + std::to_string(i), number(i));
  }
  const Item moved = std::move(item);
  for (int i = 0; i < 50; ++i) {
    ASSERT_NE(moved.find("a" + std::to_string(i)), nullptr) << i;
  }
  EXPECT_EQ(Item(json_of(moved)).attribute_count(), 50);
}

TEST(Item, ManyAttributesAreFoundAndEditedWithoutQuadraticSearch) {
  constexpr int kCount = 20'000;
  std::string stored = "{";
  for (int i = 0; i < kCount; ++i) {
    stored += "\"a" + std::to_string(i) + "\":{\"N\":\"" + std::to_string(i) + "\"},";
  }
  stored.back() = '}';
  Item item(stored);
  for (int i = 0; i < kCount; ++i) {
    ASSERT_NE(item.find("a" + std::to_string(i)), nullptr);
    ASSERT_EQ(item.find("b" + std::to_string(i)), nullptr);
  }
  for (int i = 0; i < 2000; ++i) {
    item.set("b" + std::to_string(i), number(-i));
    item.remove("a" + std::to_string(i));
  }
  EXPECT_EQ(item.attribute_count(), kCount);
  EXPECT_EQ(*item.find("b1999"), number(-1999));
  EXPECT_EQ(item.find("a1999"), nullptr);
  EXPECT_EQ(*item.find("a2000"), number(2000));
}

TEST(Item, LooksNoFurtherThanToWhatIsAskedFor) {
  const Item item(R"({"a":{"N":"1"},"b":{"N":"2"},"c":{"S":"cut of)");
  ASSERT_NE(item.find("b"), nullptr);
  EXPECT_EQ(*item.find("a"), number(1));
  EXPECT_EQ(*item.find("b"), number(2));
  EXPECT_THROW(static_cast<void>(item.find("d")), core::DamageError);
  EXPECT_THROW(static_cast<void>(item.size_bytes()), core::DamageError);
}

TEST(Item, HowMuchWasLookedAtMakesNoDifference) {
  // Attributes are read, set and removed in every order, in items with few and with many attributes.
  for (const int count : {0, 1, 5, 40}) {
    std::string stored = "{";
    for (int i = 0; i < count; ++i) {
      stored += (i == 0 ? "" : ",") + ("\"a" + std::to_string(i)) + R"(":{"N":")" + std::to_string(i) + R"("})";
    }
    stored += '}';
    std::mt19937 random(1);
    for (int round = 0; round < 300; ++round) {
      Item item(stored);
      std::map<std::string, int> model;
      for (int i = 0; i < count; ++i) model["a" + std::to_string(i)] = i;
      for (int step = 0; step < 12; ++step) {
        const std::string name = "a" + std::to_string(random() % (static_cast<unsigned>(count) + 3));
        switch (random() % 6) {
          case 0:
            EXPECT_EQ(item.remove(name), model.erase(name) > 0);
            break;
          case 1:
            item.set(name, number(-step));
            model[name] = -step;
            break;
          case 2:
            EXPECT_EQ(item.attribute_count(), model.size());
            break;
          case 3: {
            std::string json;
            item.append_json(json);
            EXPECT_EQ(Item(json).attribute_count(), model.size());
            EXPECT_TRUE(Item(json).holds_same(item));
            break;
          }
          default: {
            const core::AttributeValue* found = item.find(name);
            ASSERT_EQ(found != nullptr, model.contains(name));
            if (found != nullptr) {
              EXPECT_EQ(*found, number(model[name]));
            }
          }
        }
      }
      EXPECT_EQ(item.empty(), model.empty());
    }
  }
}

TEST(Item, DamagedBytesAreRefusedNotReadPast) {
  for (std::size_t length = 0; length < kStored.size(); ++length) {
    const auto use = [&] { return Item(std::string_view(kStored).substr(0, length)).attribute_count(); };
    EXPECT_THROW(static_cast<void>(use()), core::DamageError) << length;
  }
  const std::string value = R"({"M":{"x":{"L":[{"S":"\u0001"},{"SS":["a"]},{"N":"1"},{"B":"Zg=="},{"NULL":true}]}}})";
  EXPECT_NO_THROW(parse_stored(value));
  for (std::size_t length = 0; length < value.size(); ++length) {
    EXPECT_THROW(parse_stored(std::string_view(value).substr(0, length)), core::DamageError) << length;
  }
  EXPECT_THROW(parse_stored(R"({"S":"a"}x)"), core::DamageError);
  EXPECT_THROW(parse_stored(R"({"X":"a"})"), core::DamageError);
  EXPECT_THROW(parse_stored(R"({"N":"1x"})"), core::DamageError) << "not the client's fault";
  EXPECT_THROW(parse_stored(R"({"NS":["1","1e999"]})"), core::DamageError);
  EXPECT_THROW(parse_stored(R"({"B":"Zg="})"), core::DamageError);
  EXPECT_THROW(static_cast<void>(Item(R"({"a":{"S":"b"}}x)").attribute_count()), core::DamageError);
  EXPECT_THROW(static_cast<void>(Item(R"({"a":{"S":"b"}}x)").find("b")), core::DamageError);
  EXPECT_THROW(Item("{}x"), core::DamageError);
  EXPECT_THROW(static_cast<void>(Item(R"({"a":{"B":"="}})").size_bytes()), core::DamageError);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) {
    deep += R"({"L":[)";
  }
  EXPECT_THROW(parse_stored(deep), core::DamageError);
}

/// Random attribute values on the wire, with everything that the wire allows: white space, escapes, odd numbers.
class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }

  std::string text() {
    static const char* const kPieces[] = {"a", "Z", "0", " ", "\"", "\\", "\n", "\x01", "ü", "€", "🎉", "{", "]", ":"};
    std::string out;
    for (std::size_t i = below(12); i > 0; --i) {
      out += kPieces[below(std::size(kPieces))];
    }
    return out;
  }

  std::string number() {
    std::string out = below(2) == 0 ? "-" : "";
    for (std::size_t i = 1 + below(19); i > 0; --i) {
      out.push_back(static_cast<char>('0' + below(10)));
    }
    if (below(2) == 0) {
      out += ".";
      for (std::size_t i = below(19); i > 0; --i) {
        out.push_back(static_cast<char>('0' + below(10)));
      }
    }
    return below(3) == 0 ? out + "e" + std::to_string(static_cast<int>(below(120)) - 60) : out;
  }

  std::string quoted(std::string_view content) {
    std::string out;
    append_string(content, out);
    return out;
  }

  /// Members made unique by their first characters.
  template <class Member>
  std::string unique_list(Member member) {
    std::string out = "[";
    const std::size_t count = 1 + below(30);
    for (std::size_t i = 0; i < count; ++i) {
      out += (i == 0 ? "" : ", ") + quoted(member(std::to_string(i) + (i == 0 ? "" : ".5")));
    }
    return out + "]";
  }

  std::string members(std::size_t depth) {
    std::string out = "{ ";
    const std::size_t count = below(depth == 1 ? 40 : 6);
    for (std::size_t i = 0; i < count; ++i) {
      out += (i == 0 ? "" : ", ") + quoted(text() + std::to_string(i)) + " : " + value(depth + 1);
    }
    return out + "}";
  }

  std::string value(std::size_t depth) {
    switch (below(depth > 6 ? 8 : 10)) {
      case 0:
        return R"({"S": )" + quoted(text()) + "}";
      case 1:
        return R"({"N": )" + quoted(number()) + "}";
      case 2:
        return R"({"B": ")" + core::base64_encode(text()) + "\"}";
      case 3:
        return below(2) == 0 ? R"({"BOOL":true})" : R"({ "BOOL":false })";
      case 4:
        return R"({"NULL":true})";
      case 5:
        return R"({"SS":)" + unique_list([&](const std::string& prefix) { return prefix + " " + text(); }) + "}";
      case 6:
        return R"({"NS":)" + unique_list([](const std::string& prefix) { return "0" + prefix + "0e1"; }) + "}";
      case 7:
        return R"({"BS":)" +
               unique_list([&](const std::string& prefix) { return core::base64_encode(prefix + " " + text()); }) + "}";
      case 8: {
        std::string out = R"({"L":[)";
        for (std::size_t i = below(5); i > 0; --i) {
          out += value(depth + 1) + (i > 1 ? " ," : "");
        }
        return out + "]}";
      }
      default:
        return R"({"M":)" + members(depth) + "}";
    }
  }

 private:
  std::mt19937 random_;
};

TEST(Item, NormalisingAndEditingAgreeWithTheTreeOnRandomItems) {
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    Generator generator(seed);
    const std::string wire = generator.members(1);
    const EncodedItem encoded = normalise_item(Parser::of_this_thread().parse(wire));

    // Normalising again changes nothing, and an unedited Item returns the same bytes.
    const EncodedItem again = normalise_item(Parser::of_this_thread().parse(encoded.json));
    ASSERT_EQ(again.json, encoded.json);
    ASSERT_EQ(again.size_bytes, encoded.size_bytes);
    const Item item(encoded.json);
    ASSERT_EQ(json_of(item), encoded.json);
    ASSERT_EQ(item.size_bytes(), encoded.size_bytes);

    // Every value read from the wire and written from its tree gives the stored bytes.
    Item rebuilt;
    for (const auto [name, value] : Object(Parser::of_this_thread().parse(wire))) {
      const AttributeValue tree = read_value(value);
      ASSERT_EQ(*item.find(name), tree);
      rebuilt.set(name, tree);
    }
    ASSERT_EQ(json_of(rebuilt), encoded.json);
    ASSERT_EQ(rebuilt.size_bytes(), encoded.size_bytes);

    // Random edits, compared with a plain map.
    std::map<std::string, AttributeValue> model;
    for (const auto [name, value] : Object(Parser::of_this_thread().parse(wire))) {
      model[std::string(name)] = *item.find(name);
    }
    Item edited(encoded.json);
    for (int step = 0; step < 60; ++step) {
      std::string name = "new" + std::to_string(generator.below(20));
      if (!model.empty() && generator.below(2) == 0) {
        name = std::next(model.begin(), static_cast<std::ptrdiff_t>(generator.below(model.size())))->first;
      }
      if (generator.below(3) == 0) {
        ASSERT_EQ(edited.remove(name), model.erase(name) == 1);
      } else {
        edited.set(name, number(step));
        model[name] = number(step);
      }
    }
    ASSERT_EQ(edited.attribute_count(), model.size());
    const std::string edited_json = json_of(edited);
    const Item reread(edited_json);
    ASSERT_EQ(reread.attribute_count(), model.size());
    for (const auto& [name, value] : model) {
      ASSERT_NE(reread.find(name), nullptr) << name;
      ASSERT_EQ(*reread.find(name), value) << name;
      ASSERT_EQ(*edited.find(name), value) << name;
    }
    ASSERT_EQ(reread.size_bytes(), edited.size_bytes());
  }
}

}  // namespace
}  // namespace stator::json
