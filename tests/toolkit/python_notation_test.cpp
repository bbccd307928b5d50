#include "toolkit/python_notation.h"

#include <gtest/gtest.h>

namespace stator::toolkit {
namespace {

// Python 3.11 with boto3's TypeDeserializer printed the expected column.
TEST(PythonNotation, PrintsItemsAsBoto3sTableResourceShowsThem) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({})", "{}"},
      {R"({"pk":{"S":"a"},"sk":{"S":"it's"}})", R"({'pk': 'a', 'sk': "it's"})"},
      {R"({"a":{"S":"both ' and \""}})", R"({'a': 'both \' and "'})"},
      {R"({"a":{"S":"line\nbreak\ttab\\ \u0001 \u007f \u00a0 é ⛵ \u200d"}})",
       R"({'a': 'line\nbreak\ttab\\ \x01 \x7f \xa0 é ⛵ \u200d'})"},
      {R"({"n":{"N":"1.50"},"t":{"BOOL":true},"f":{"BOOL":false},"z":{"NULL":true}})",
       "{'n': Decimal('1.50'), 't': True, 'f': False, 'z': None}"},
      {R"({"l":{"L":[{"S":"x"},{"N":"2"}]},"m":{"M":{"k":{"L":[]}}}})", "{'l': ['x', Decimal('2')], 'm': {'k': []}}"},
      {R"({"s":{"SS":["a"]},"n":{"NS":["1"]},"b":{"BS":["AQI="]}})",
       R"({'s': {'a'}, 'n': {Decimal('1')}, 'b': {Binary(b'\x01\x02')}})"},
      {R"({"b":{"B":"aGknIFw="}})", R"({'b': Binary(b"hi' \\")})"},
  };
  for (const auto& [wire, expected] : rows) {
    json::Parser parser;
    EXPECT_EQ(python_item(parser.parse(wire).get_object().value()), expected) << wire;
  }
}

}  // namespace
}  // namespace stator::toolkit
