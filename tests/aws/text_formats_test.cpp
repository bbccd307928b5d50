#include <gtest/gtest.h>

#include "aws/json_style.h"
#include "aws/query_api.h"
#include "aws/xml.h"
#include "http/url.h"

namespace stator::aws {
namespace {

struct StyleCase {
  const char* given;
  const char* expected;
};

// Python 3.11's json.dumps writes the expected texts for the same values.
constexpr StyleCase kStyles[] = {
    {R"({})", R"({})"},
    {R"({"a":1,"b":[1,2,{"c":null}]})", R"({"a": 1, "b": [1, 2, {"c": null}]})"},
    {"{\n  \"a\" :\t-1.5e+10\r\n}", R"({"a": -1.5e+10})"},
    {R"({"a,b":"c:d, e"})", R"({"a,b": "c:d, e"})"},
    {R"(["\/","\u0041","\u001f","\"\\"])", R"(["/", "A", "\u001f", "\"\\"])"},
    {"[\"\x7f\",\"é\",\"日\",\"😀\"]", R"(["\u007f", "\u00e9", "\u65e5", "\ud83d\ude00"])"},
    {R"(["\ud83d\ude00","\n\r\t\b\f"])", R"(["\ud83d\ude00", "\n\r\t\b\f"])"},
};

TEST(PythonJson, HasTheBlanksAndEscapesOfJsonDumps) {
  for (const StyleCase& row : kStyles) {
    std::string out;
    EXPECT_TRUE(append_python_json(row.given, out)) << row.given;
    EXPECT_EQ(out, row.expected);
  }
}

TEST(PythonJson, LeavesTheOutputAsItWasWhereStringsAreBroken) {
  for (const char* text :
       {"{\"a", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\xff\"", "\"\xe2\x82", "\"\xc3(\""}) {
    std::string out = "before";
    EXPECT_FALSE(append_python_json(text, out)) << text;
    EXPECT_EQ(out, "before");
  }
}

TEST(XmlText, FindsTheFirstElementOfThatName) {
  const std::string xml =
      "<?xml version=\"1.0\"?><Response><Errors><Error><CodeName>x</CodeName><Code>Invalid&amp;Id &#65;&#x42;</Code>"
      "<Message a=\"b\">it&apos;s &lt;bad&gt;; &unknown; &</Message><Empty/></Error></Errors></Response>";
  EXPECT_EQ(xml_text(xml, "Code"), "Invalid&Id AB");
  EXPECT_EQ(xml_text(xml, "Message"), "it's <bad>; &unknown; &");
  EXPECT_EQ(xml_text(xml, "Empty"), "");
  EXPECT_EQ(xml_text(xml, "Absent"), std::nullopt);
}

TEST(XmlText, SurvivesWhatIsNotXml) {
  for (const char* text : {"", "<", "<Code", "<Code>", "<Code>x</Cod", "</Code><Code>", "<Code<Code>"}) {
    EXPECT_EQ(xml_text(text, "Code"), std::nullopt) << text;
  }
}

TEST(Url, HasItsParts) {
  const http::Url plain = http::parse_url("https://DynamoDB.eu-west-3.amazonaws.com");
  EXPECT_EQ(plain.host, "dynamodb.eu-west-3.amazonaws.com");
  EXPECT_EQ(plain.port, 443);
  EXPECT_EQ(plain.path, "/");
  EXPECT_EQ(plain.host_header(), "dynamodb.eu-west-3.amazonaws.com");
  const http::Url six = http::parse_url("HTTP://[::1]:8000/a/b");
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.host_header(), "[::1]:8000");
  EXPECT_EQ(six.path, "/a/b");
  EXPECT_EQ(http::parse_url("http://h:80").host_header(), "h");
  for (const char* url : {"http://localhost:8000", "http://LOCALHOST.", "http://db.localhost", "http://127.0.0.1",
                          "http://127.9.8.7:1", "http://[::1]:8000"}) {
    EXPECT_TRUE(http::parse_url(url).is_on_loopback()) << url;
  }
  for (const char* url : {"http://127.example.com", "http://localhost.example", "http://notlocalhost",
                          "http://10.0.0.1", "http://[::2]"}) {
    EXPECT_FALSE(http::parse_url(url).is_on_loopback()) << url;
  }
  // URLs in which other parsers would find another host.
  for (const char* url :
       {"https://dynamodb%2Eeu-west-3%2Eamazonaws%2Ecom", "http://a\\b", "http://a,b", "http://a;b:1"}) {
    EXPECT_THROW(static_cast<void>(http::parse_url(url)), http::UrlError) << url;
  }
}

TEST(QueryBody, IsAForm) {
  EXPECT_EQ(query_body({{"Action", "A"}, {"Description", "a b&c=d/é~-_.*"}}),
            "Action=A&Description=a+b%26c%3Dd%2F%C3%A9~-_.%2A");
}

}  // namespace
}  // namespace stator::aws
