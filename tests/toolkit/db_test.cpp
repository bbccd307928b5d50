#include <gtest/gtest.h>

#include <sstream>

#include "toolkit/db_table.h"
#include "toolkit/db_target.h"

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

template <class Write>
std::string written(Write&& write) {
  std::ostringstream out;
  write(out);
  return out.str();
}

TEST(WriteTable, PutsNumbersRightTextLeftAndCountsCharactersNotBytes) {
  EXPECT_EQ(written([](std::ostream& out) { write_table(people(), out); }),
            "    n | name\n------+------\n    7 | Zoë\n 1000 |\n(2 rows)\n");
}

TEST(WriteTable, ShowsTheCommandWhereThereAreNoColumns) {
  const postgres::Result result{.columns = {}, .rows = {}, .command = "INSERT 0 2", .affected_rows = 2};
  EXPECT_EQ(written([&](std::ostream& out) { write_table(result, out); }), "INSERT 0 2\n");
}

TEST(WriteTable, LetsNoValueMoveTheCursor) {
  const postgres::Result result{.columns = {{"a", kText}}, .rows = {{"\033[2J\n\t\r"}}, .command = "SELECT 1"};
  EXPECT_EQ(written([&](std::ostream& out) { write_table(result, out); }),
            " a\n-----------------\n \\x1B[2J\\n\\t\\x0D\n(1 row)\n");
}

TEST(WriteTable, CountsColumnsOfTheTerminal) {
  const postgres::Result result{
      .columns = {{"a", kText}, {"b", kText}}, .rows = {{"漢字", "x"}, {"e\u0301", "y"}}, .command = "SELECT 2"};
  EXPECT_EQ(written([&](std::ostream& out) { write_table(result, out); }),
            " a    | b\n------+---\n 漢字 | x\n e\u0301    | y\n(2 rows)\n");
}

TEST(WriteTable, ShortensLongCellsBetweenCharacters) {
  const postgres::Result result{.columns = {{"a", kText}}, .rows = {{"éééééééééé"}, {"ééééé"}}, .command = "SELECT 2"};
  EXPECT_EQ(written([&](std::ostream& out) { write_table(result, out, 5); }),
            " a\n-------\n éé...\n ééééé\n(2 rows)\n");
}

TEST(WriteCsv, QuotesWhatMustBeAndTellsNullFromEmpty) {
  const postgres::Result result{.columns = {{"a", kText}, {"b,c", kText}},
                                .rows = {{"plain", "say \"hi\""}, {std::nullopt, ""}, {"two\nlines", "x"}},
                                .command = "SELECT 3"};
  EXPECT_EQ(written([&](std::ostream& out) { write_csv(result, out); }),
            "a,\"b,c\"\nplain,\"say \"\"hi\"\"\"\n,\"\"\n\"two\nlines\",x\n");
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
