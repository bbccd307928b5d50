#include "server/access_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <sstream>

#include "aws/profile_file.h"
#include "server/server.h"
#include "support/temporary_directory.h"

namespace stator::server {
namespace {

AccessKeys parse(const std::string& text) {
  std::istringstream in(text);
  return parse_access_keys(in, "keys");
}

constexpr const char* kKey = "aws_access_key_id = AKID\naws_secret_access_key = s3cret/+\n";

TEST(AccessKeys, AreReadFromACredentialsFile) {
  const AccessKeys keys = parse(std::string("# a comment\n[default]\nregion = eu-west-3\n") + kKey +
                                "\n[reader]\naws_access_key_id=READ\naws_secret_access_key=x\naws_session_token=t\n"
                                "stator_access = read-only\nstator_tables = app-*, shared\n");
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys.find("AKID")->name, "default");
  EXPECT_EQ(keys.find("AKID")->secret, "s3cret/+");
  EXPECT_FALSE(keys.find("AKID")->rules.limited());
  const std::shared_ptr<const AccessKey> reader = keys.find("READ");
  EXPECT_EQ(reader->session_token, "t");
  EXPECT_TRUE(reader->rules.read_only);
  EXPECT_TRUE(reader->rules.allows_table("app-"));
  EXPECT_TRUE(reader->rules.allows_table("app-users"));
  EXPECT_TRUE(reader->rules.allows_table("shared"));
  EXPECT_FALSE(reader->rules.allows_table("shared2"));
  EXPECT_FALSE(reader->rules.allows_table("ap"));
  EXPECT_FALSE(reader->rules.allows_table(""));
  EXPECT_EQ(keys.find("AKI"), nullptr);
}

TEST(AccessKeys, FaultsAreToldWithoutSecrets) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "keys: there is no access key in it"},
      {"[a]\nregion = x\n", "keys: profile \"a\": aws_access_key_id and aws_secret_access_key must both be set"},
      {"[a]\naws_access_key_id = AKID\n",
       "keys: profile \"a\": aws_access_key_id and aws_secret_access_key must both be set"},
      {"[a]\naws_access_key_id = s3cret/id\naws_secret_access_key = s3cret\n",
       "keys: profile \"a\": aws_access_key_id must be 1 to 128 letters, digits, '_', '-' and '.'"},
      {std::string("[a]\n") + kKey + "stator_access = readonly\n",
       "keys: profile \"a\": stator_access must be read-only or read-write"},
      {std::string("[a]\n") + kKey + "stator_tables =\n",
       "keys: profile \"a\": stator_tables must be names of tables, with commas between them; * may stand at a name's "
       "end"},
      {std::string("[a]\n") + kKey + "stator_tables = a*b\n",
       "keys: profile \"a\": stator_tables must be names of tables, with commas between them; * may stand at a name's "
       "end"},
      {std::string("[a]\n") + kKey + "stator_table = a\n",
       "keys: profile \"a\": unknown setting stator_table (stator_access and stator_tables are known)"},
      {std::string("[a]\n") + kKey + " stator_access = read-only\n", "keys:4: an indented line"},
      {std::string("[a]\n") + kKey + "stator_tables = a\nstator_tables = b\n", "keys:5: the setting appears twice"},
      {std::string("[a]\n") + kKey + "[a]\nstator_access = read-only\n", "keys:4: the section appears twice"},
      {"[a]\ns3cret\n", "keys:2: expected name = value"},
      {std::string("[a]\n") + kKey + "[b]\n" + kKey, "profiles \"a\" and \"b\" have the same aws_access_key_id"},
  };
  for (const auto& [text, message] : rows) {
    try {
      parse(text);
      ADD_FAILURE() << text;
    } catch (const aws::ConfigurationError& error) {
      EXPECT_EQ(error.what(), message);
      EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos);
    }
  }
}

TEST(AccessKeys, AreReadAgainWhenTheirFileHasChanged) {
  const TemporaryDirectory folder;
  const std::filesystem::path file = folder.path() / "keys";
  const auto write = [&](const std::string& text) {
    std::ofstream(folder.path() / "draft") << text;
    std::filesystem::rename(folder.path() / "draft", file);
  };
  const std::string other = "[b]\naws_access_key_id = OTHER\naws_secret_access_key = x\n";
  write(std::string("[a]\n") + kKey);
  const auto keys = reloadable_access_keys(file);
  EXPECT_FALSE(keys->refresh());
  EXPECT_NE(keys->value()->find("AKID"), nullptr);

  write(other);
  EXPECT_FALSE(keys->refresh()) << "it may be in the middle of a change";
  EXPECT_TRUE(keys->refresh());
  EXPECT_EQ(keys->value()->find("AKID"), nullptr);
  EXPECT_NE(keys->value()->find("OTHER"), nullptr);

  // A fault is reported once and leaves the keys as they were.
  struct Fault {
    std::string text;
    std::string told;
  };
  for (const Fault& fault : {Fault{"", "there is no access key in it"},
                             {other + "stator_tables = a*b\n", "stator_tables must be names of tables"},
                             {"[a]\naws_access_key_id = AKID\n", "must both be set"}}) {
    SCOPED_TRACE(fault.told);
    write(fault.text);
    EXPECT_FALSE(keys->refresh());
    try {
      keys->refresh();
      ADD_FAILURE() << "taken";
    } catch (const aws::ConfigurationError& error) {
      EXPECT_NE(std::string(error.what()).find(fault.told), std::string::npos) << error.what();
    }
    EXPECT_FALSE(keys->refresh());
    EXPECT_NE(keys->value()->find("OTHER"), nullptr);
  }
  std::filesystem::remove(file);
  EXPECT_FALSE(keys->refresh());
  EXPECT_THROW(keys->refresh(), aws::ConfigurationError);
  write(std::string("[a]\n") + kKey + other);
  EXPECT_FALSE(keys->refresh());
  EXPECT_TRUE(keys->refresh());
  EXPECT_EQ(keys->value()->size(), 2U);
}

TEST(AccessKeys, OfAFileThatOthersMayReadAreWarnedAboutOnce) {
  const TemporaryDirectory folder;
  const std::filesystem::path file = folder.path() / "keys";
  const auto write = [&](const std::string& text) {
    std::ofstream(file) << text;
    std::filesystem::permissions(file, std::filesystem::perms(0644));
  };
  const auto warnings_of = [](const std::function<void()>& act) {
    testing::internal::CaptureStdout();
    act();
    const std::string log = testing::internal::GetCapturedStdout();
    constexpr std::string_view kWarning = "others may read the credentials in ";
    int count = 0;
    for (std::size_t at = log.find(kWarning); at != std::string::npos; at = log.find(kWarning, at + 1)) ++count;
    return count;
  };
  write(std::string("[a]\n") + kKey);
  std::shared_ptr<Reloadable<AccessKeys>> keys;
  EXPECT_EQ(warnings_of([&] { keys = reloadable_access_keys(file); }), 1);
  // A faulty file is read again at each look until it is valid.
  write("[a]\naws_access_key_id = AKID\n");
  EXPECT_EQ(warnings_of([&] {
              keys->refresh();
              EXPECT_THROW(keys->refresh(), aws::ConfigurationError);
              for (int i = 0; i < 10; ++i) EXPECT_FALSE(keys->refresh());
            }),
            0);
}

TEST(AccessKeys, OfAPipeAreReadOnce) {
  // As with the shell's <(…): a second read would wait for a writer that never comes.
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const std::string text = std::string("[a]\n") + kKey;
  ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  const auto keys = reloadable_access_keys("/dev/fd/" + std::to_string(ends[0]));
  ::close(ends[0]);
  EXPECT_FALSE(keys->refresh());
  EXPECT_FALSE(keys->refresh());
  EXPECT_EQ(keys->value()->size(), 1U);
}

TEST(AccessKeys, OfAFileThatHasBecomeAPipeAreNotWaitedFor) {
  const TemporaryDirectory folder;
  const std::filesystem::path file = folder.path() / "keys";
  const auto write = [&] { std::ofstream(file) << "[a]\n" << kKey; };
  write();
  const auto keys = reloadable_access_keys(file);
  std::filesystem::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_FALSE(keys->refresh());
  EXPECT_THROW(keys->refresh(), std::runtime_error);
  EXPECT_FALSE(keys->refresh()) << "told once";
  EXPECT_EQ(keys->value()->size(), 1U);
  std::filesystem::remove(file);
  write();
  EXPECT_FALSE(keys->refresh());
  EXPECT_TRUE(keys->refresh());
}

TEST(AccessKeys, ListeningBeyondLoopbackWithoutThemIsSaidLoudly) {
  const std::string warning =
      "WHOEVER REACHES 0.0.0.0:8000 MAY READ AND CHANGE EVERYTHING: --credentials lets only your keys in";
  EXPECT_EQ(exposure_warning({}, "0.0.0.0", 8000), warning);
  EXPECT_NE(exposure_warning({}, "::", 8000), "");
  EXPECT_NE(exposure_warning({}, "192.0.2.1", 8000), "");
  EXPECT_EQ(exposure_warning({}, "127.0.0.1", 8000), "");
  EXPECT_EQ(exposure_warning({}, "127.3.2.1", 8000), "");
  EXPECT_EQ(exposure_warning({}, "::1", 8000), "");
  Options with_keys;
  with_keys.credentials = fixed_keys(parse(std::string("[a]\n") + kKey));
  EXPECT_EQ(exposure_warning(with_keys, "0.0.0.0", 8000), "");
}

}  // namespace
}  // namespace stator::server
