#include "toolkit/message_reader.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_directory.h"

namespace stator::toolkit {
namespace {

/// Returns every message as "sender|time|text", and every bad line as "line: why".
std::vector<std::string> read_all(MessageReader& reader) {
  std::vector<std::string> out;
  Message message;
  for (;;) {
    try {
      if (!reader.next(message)) return out;
      out.push_back(message.sender_handle + "|" + core::sortable(message.time) + "|" + message.text);
    } catch (const BadLine& line) {
      out.push_back(std::to_string(line.line) + ": " + line.what());
    }
  }
}

std::vector<std::string> read_text(const std::string& text) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "messages";
  std::ofstream(file, std::ios::binary) << text;
  return read_all(*read_messages(file));
}

const std::string kTen = "2023-03-20T10:00:00.000000+00:00";

struct Row {
  const char* name;
  std::string text;
  std::vector<std::string> expected;
};

TEST(MessageReader, ReadsJsonLinesAndCsvAndNamesBadLines) {
  const Row rows[] = {
      {"JSON Lines with each set of names",
       "{\"sender\":\"ann\",\"time\":\"2023-03-20T10:00:00Z\",\"text\":\"Hi é\"}\n\n"
       "{\"user_handle\":\"ben\",\"sk\":\"2023-03-20T12:00:00+02:00\",\"message\":\"a\\nb\",\"more\":1}\r\n",
       {"ann|" + kTen + "|Hi é", "ben|" + kTen + "|a\nb"}},
      {"JSON Lines without an end of line",
       "{\"handle\":\"a\",\"timestamp\":\"2023-03-20T10:00:00Z\",\"text\":\"x\"}",
       {"a|" + kTen + "|x"}},
      {"bad JSON lines",
       "{\"sender\":\"a\"}\n{\n[1]\n{\"sender\":1}\n"
       "{\"sender\":\"a\",\"time\":\"noon\",\"text\":\"x\"}\n"
       "{\"sender\":\"a\",\"time\":\"2023-03-20T10:00:00Z\",\"text\":\" \"}\n"
       "{\"sender\":\"a\",\"time\":\"2023-03-20T10:00:00Z\",\"text\":\"\xff\"}\n"
       "{\"sender\":\"a\",\"time\":\"2023-03-20T10:00:00Z\",\"text\":\"good\"}\n",
       {"1: expected a member \"time\"", "2: not JSON", "3: expected a JSON object", "4: expected a string for sender",
        "5: expected a time such as 2023-03-20T10:00:00+00:00, found \"noon\"", "6: the text is empty", "7: not UTF-8",
        "a|" + kTen + "|good"}},
      {"CSV without names",
       "ann,2023-03-20T10:00:00Z,hello\r\nben,2023-03-20T10:00:00Z,\"a, \"\"b\"\"\r\nc\"\r\n",
       {"ann|" + kTen + "|hello", "ben|" + kTen + "|a, \"b\"\r\nc"}},
      {"CSV with names in another order",
       "\xEF\xBB\xBFText,Extra,Time,Handle\nhi,1,2023-03-20T10:00:00Z,ann\n\n",
       {"ann|" + kTen + "|hi"}},
      {"CSV of a spreadsheet",
       "\r\n\"Text\";\"Time\";\"Handle\"\r\n\"a; \"\"b\"\"\";2023-03-20T10:00:00Z;\"ann\"\r\n",
       {"ann|" + kTen + "|a; \"b\""}},
      {"CSV with a bad line of names",
       "\"Text\"x;Time\na;2023-03-20T10:00:00Z;b\n;c;d\n",
       {"1: text after a closing quote", "a|" + kTen + "|b", "3: the sender is empty"}},
      {"CSV counts lines inside quotes",
       "a,2023-03-20T10:00:00Z,\"1\n2\n3\"\nb,never,x\n",
       {"a|" + kTen + "|1\n2\n3", "4: expected a time such as 2023-03-20T10:00:00+00:00, found \"never\""}},
      {"bad CSV",
       "a,b\n,2023-03-20T10:00:00Z,x\na,2023-03-20T10:00:00Z,\"x\"y\na\"b,1,2\na,2023-03-20T10:00:00Z,\n"
       "a,2023-03-20T10:00:00Z,\"open",
       {"1: expected 3 columns, found 2", "2: the sender is empty", "3: text after a closing quote",
        "4: a quote inside a field that does not begin with one", "5: the text is empty", "6: a quote is not closed"}},
      {"nothing", "", {}},
      {"a line that is too long",
       "{\"sender\":\"" + std::string(kMaxLineBytes, 'a') + "\"}\n{\n",
       {"1: longer than 1 MB", "2: not JSON"}},
      {"a CSV record that is too long",
       "a,b,\"" + std::string(kMaxLineBytes, 'a') + "\"\na,b,c\n",
       {"1: a record of more than 1 MB", "2: expected a time such as 2023-03-20T10:00:00+00:00, found \"b\""}},
  };
  for (const Row& row : rows) EXPECT_EQ(read_text(row.text), row.expected) << row.name;
}

TEST(MessageReader, ReadsTranscripts) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "talk.txt";
  std::ofstream(file) << "Person 1: Hello: you\n\n  \nPerson 2:Hi\r\nSomebody: no\nPerson 1:   \nPerson 2: bye\n";
  model::ConversationSeed seed;
  seed.start = *core::parse_timestamp(kTen);
  seed.speakers = {{"Person 1", "ann"}, {"Person 2", "ben"}};
  EXPECT_EQ(read_all(*read_transcript(file, seed)),
            (std::vector<std::string>{"ann|" + kTen + "|Hello: you", "ben|2023-03-20T10:01:00.000000+00:00|Hi",
                                      "5: expected \"Person 1: …\" or \"Person 2: …\"", "6: the text is empty",
                                      "ben|2023-03-20T10:02:00.000000+00:00|bye"}));
}

TEST(MessageReader, RefusesWhatIsNoFile) { EXPECT_THROW(read_messages("/dev/null"), std::runtime_error); }

TEST(MessageReader, SaysWhyAFileCannotBeRead) {
  const TemporaryDirectory directory;
  const std::string folder = directory.path().string();
  for (const auto& [file, fault] :
       {std::pair{folder + "/none", "No such file or directory"}, std::pair{folder, "Is a directory"}}) {
    try {
      read_messages(file);
      ADD_FAILURE() << file;
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(error.what(), "cannot read " + file + ": " + fault);
    }
  }
}

}  // namespace
}  // namespace stator::toolkit
