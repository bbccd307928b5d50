#include <gtest/gtest.h>

#include <sstream>

#include "toolkit/db_target.h"
#include "toolkit/row_output.h"

namespace stator::toolkit {
namespace {

constexpr std::uint32_t kInteger = 23;
constexpr std::uint32_t kText = 25;

postgres::Result people() {
  return {.columns = {{"n", kInteger}, {"name", kText}},
          .rows = {{"7", "Zoë"}, {"1000", std::nullopt}},
          .command = "SELECT 2",
          .affected_rows = 2};
}

std::string as_table(const postgres::Result& result, std::size_t max_cell_characters = 0) {
  std::ostringstream out;
  RowWriter writer(make_row_table(out, max_cell_characters));
  write_result(result, writer);
  return out.str();
}

std::string as_csv(const postgres::Result& result, bool on_terminal) {
  std::ostringstream out;
  RowWriter writer(make_row_csv(out, on_terminal));
  write_result(result, writer);
  return out.str();
}

TEST(RowTable, PutsNumbersRightTextLeftAndCountsCharactersNotBytes) {
  EXPECT_EQ(as_table(people()), "    n | name\n------+------\n    7 | Zoë\n 1000 |\n(2 rows)\n");
}

TEST(RowTable, ShowsTheCommandWhereThereAreNoColumns) {
  EXPECT_EQ(as_table({.columns = {}, .rows = {}, .command = "INSERT 0 2", .affected_rows = 2}), "INSERT 0 2\n");
}

TEST(RowTable, LetsNoValueMoveTheCursor) {
  const postgres::Result result{.columns = {{"a", kText}}, .rows = {{"\033[2J\n\t\r"}}, .command = "SELECT 1"};
  EXPECT_EQ(as_table(result), " a\n-----------------\n \\x1B[2J\\n\\t\\x0D\n(1 row)\n");
}

TEST(RowTable, CountsColumnsOfTheTerminal) {
  const postgres::Result result{
      .columns = {{"a", kText}, {"b", kText}}, .rows = {{"漢字", "x"}, {"e\u0301", "y"}}, .command = "SELECT 2"};
  EXPECT_EQ(as_table(result), " a    | b\n------+---\n 漢字 | x\n e\u0301    | y\n(2 rows)\n");
}

TEST(RowTable, ShortensLongCellsBetweenCharacters) {
  const postgres::Result result{.columns = {{"a", kText}}, .rows = {{"éééééééééé"}, {"ééééé"}}, .command = "SELECT 2"};
  EXPECT_EQ(as_table(result, 5), " a\n-------\n éé...\n ééééé\n(2 rows)\n");
}

TEST(RowTable, IsAsWideAsItsFirstThousandRowsNeed) {
  std::ostringstream out;
  RowWriter writer(make_row_table(out));
  writer.begin({{"a", kText}, {"b", kInteger}});
  for (int i = 0; i < 999; ++i) writer.write({"x", "1"});
  EXPECT_EQ(out.str(), "");
  writer.write({"xyz", "1"});
  const std::string printed = out.str();
  EXPECT_TRUE(printed.starts_with(" a   | b\n-----+---\n x   | 1\n")) << printed.substr(0, 60);
  writer.write({"wider", "22"});
  writer.write({"x", "1"});
  writer.finish("SELECT 1002");
  EXPECT_EQ(out.str().substr(printed.size()), " wider | 22\n x   | 1\n(1002 rows)\n");
}

TEST(RowCsv, QuotesWhatMustBeAndTellsNullFromEmpty) {
  const postgres::Result result{.columns = {{"a", kText}, {"b,c", kText}},
                                .rows = {{"plain", "say \"hi\""}, {std::nullopt, ""}, {"two\nlines", "\033[2J"}},
                                .command = "SELECT 3"};
  EXPECT_EQ(as_csv(result, false), "a,\"b,c\"\nplain,\"say \"\"hi\"\"\"\n,\"\"\n\"two\nlines\",\033[2J\n");
  EXPECT_EQ(as_csv(result, true), "a,\"b,c\"\nplain,\"say \"\"hi\"\"\"\n,\"\"\ntwo\\nlines,\\x1B[2J\n");
}

TEST(RowJson, ClosesItsArrayWhereAnErrorEndsTheRows) {
  std::ostringstream out;
  { RowWriter nothing(make_row_json(out)); }
  EXPECT_EQ(out.str(), "");
  {
    RowWriter some(make_row_json(out));
    some.begin({{"a", kInteger}});
    some.write({"1"});
    some.write({"2"});
  }
  EXPECT_EQ(out.str(), "[{\"a\":1},{\"a\":2}]\n");
}

TEST(FindDbTarget, HoldsEveryServerForProductionThatIsNotOnThisMachine) {
  const std::pair<const char*, bool> cases[] = {
      {"postgresql:///x", false},
      {"postgresql://localhost/x", false},
      {"postgresql://LocalHost./x", false},
      {"postgresql://127.0.0.1,[::1]/x", false},
      {"host=/var/run/postgresql dbname=x", false},
      {"host=db.example.com hostaddr=127.0.0.2 dbname=x", false},
      {"postgresql://127.example.com/x", true},
      {"postgresql://localhost,db.example.com/x", true},
      {"host=localhost hostaddr=10.0.0.1 dbname=x", true},
      {"postgresql://localhost.example.com/x", true},
      {"postgresql://10.0.0.1/x", true},
  };
  for (const auto& [url, production] : cases)
    EXPECT_EQ(find_db_target({.connection_url = url, .data_directory = "unused"}).production, production) << url;
}

}  // namespace
}  // namespace stator::toolkit
