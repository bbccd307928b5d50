#include "cache/shared_level.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <mutex>
#include <thread>

#include "cache/alias_endpoint.h"
#include "cache/caching.h"
#include "cache/probed_endpoint.h"
#include "core/api_error.h"
#include "json/reader.h"
#include "support/temporary_directory.h"

namespace stator::cache {
namespace {

using std::chrono::milliseconds;

/// Debian's redis-server on a free port; killed at the end. With TLS it has a self-signed certificate for localhost and
/// requires a password and a user, who has only the rights that docs/cache.md names.
class RedisServer {
 public:
  explicit RedisServer(bool tls = false) : port_(free_port()), tls_(tls) {
    if (tls_) make_certificate();
    start();
  }
  ~RedisServer() { kill(); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  static bool is_installed() { return ::access("/usr/bin/redis-server", X_OK) == 0; }
  void start() {
    const std::string port = std::to_string(port_);
    const std::string directory = directory_.path().string();
    std::vector<std::string> texts = {"/usr/bin/redis-server",
                                      "--bind",
                                      "127.0.0.1",
                                      "--save",
                                      "",
                                      "--dir",
                                      directory,
                                      "--logfile",
                                      "/dev/null",
                                      tls_ ? "--tls-port" : "--port",
                                      port};
    if (tls_) {
      const std::vector<std::string> further = {"--port",
                                                "0",
                                                "--tls-cert-file",
                                                certificate(),
                                                "--tls-key-file",
                                                directory + "/key.pem",
                                                "--tls-auth-clients",
                                                "no",
                                                "--user",
                                                "ann",
                                                "on",
                                                ">a:secret@",
                                                "~stator:*",
                                                "&stator:*",
                                                "+eval",
                                                "+get",
                                                "+set",
                                                "+pttl",
                                                "+time",
                                                "+publish",
                                                "+subscribe",
                                                "+info",
                                                "+ping",
                                                "+del",
                                                "--user",
                                                "default",
                                                "off"};
      texts.insert(texts.end(), further.begin(), further.end());
    }
    std::vector<const char*> words;
    for (const std::string& text : texts) words.push_back(text.c_str());
    words.push_back(nullptr);
    if (::posix_spawn(&process_, words[0], nullptr, nullptr, const_cast<char**>(words.data()), environ) != 0) {
      throw std::runtime_error("redis-server does not start");
    }
    if (!eventually([this] { return answers(); })) throw std::runtime_error("redis-server does not answer");
  }
  void kill() {
    if (process_ == 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] RedisAddress address() const {
    const std::string port = std::to_string(port_);
    if (!tls_) return parse_redis_url("redis://127.0.0.1:" + port);
    RedisAddress address = parse_redis_url("rediss://ann:a%3Asecret%40@localhost:" + port);
    address.authorities = certificate();
    return address;
  }

 private:
  [[nodiscard]] std::string certificate() const { return directory_.path().string() + "/cert.pem"; }
  void make_certificate() const {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout " +
        directory_.path().string() + "/key.pem -out " + certificate() + " 2>/dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl makes no certificate");
  }
  static std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return ntohs(address.sin_port);
  }
  [[nodiscard]] bool answers() const {
    try {
      RedisConnection(address(), milliseconds(200)).command({"PING"});
      return true;
    } catch (const RedisError&) {
      return false;
    }
  }

  std::uint16_t port_;
  const bool tls_;
  pid_t process_ = 0;
  TemporaryDirectory directory_;
};

/// Forwards everything to a server; a test decides about each piece that a client sends.
class Relay {
 public:
  /// Called with what a client sends; false cuts the connection.
  using Passes = std::function<bool(std::string_view sent)>;

  explicit Relay(std::uint16_t to) : to_(to), listening_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listening_, 64) != 0 ||
        ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("a relay cannot listen");
    }
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { accept_all(); });
  }
  ~Relay() {
    ::shutdown(listening_, SHUT_RDWR);
    accepting_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    for (const int socket : sockets_) ::close(socket);
    ::close(listening_);
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void ask_before(Passes passes) {
    const std::lock_guard lock(mutex_);
    passes_ = std::move(passes);
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }
  void accept_all() {
    while (true) {
      const int client = ::accept(listening_, nullptr, nullptr);
      if (client < 0) return;
      const int server = ::socket(AF_INET, SOCK_STREAM, 0);
      const sockaddr_in address = loopback(to_);
      const bool connected = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
      const std::lock_guard lock(mutex_);
      sockets_.insert(sockets_.end(), {client, server});
      if (!connected) ::shutdown(client, SHUT_RDWR);
      threads_.emplace_back([this, client, server] { pass(client, server, true); });
      threads_.emplace_back([this, client, server] { pass(server, client, false); });
    }
  }
  void pass(int from, int to, bool asks) {
    std::vector<char> bytes(64 * 1024);
    while (true) {
      const ssize_t count = ::recv(from, bytes.data(), bytes.size(), 0);
      const std::string_view sent(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
      if (sent.empty() || (asks && !may_pass(sent)) || ::send(to, sent.data(), sent.size(), MSG_NOSIGNAL) != count) {
        break;
      }
    }
    ::shutdown(from, SHUT_RDWR);
    ::shutdown(to, SHUT_RDWR);
  }
  bool may_pass(std::string_view sent) {
    Passes passes;
    {
      const std::lock_guard lock(mutex_);
      passes = passes_;
    }
    return !passes || passes(sent);
  }

  const std::uint16_t to_;
  const int listening_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  Passes passes_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;  // only the accepting thread adds to it
  std::thread accepting_;
};

class SharedLevelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
    redis = std::make_unique<RedisServer>();
    upstream.ask("CreateTable", R"({"TableName":"users","BillingMode":"PAY_PER_REQUEST",
      "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
      "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
  }
  std::unique_ptr<Caching> node(const std::string& name = "one") { return node(name, redis->address()); }
  std::unique_ptr<Caching> node(const std::string& name, const RedisAddress& address) {
    Options options;
    options.shared = address;
    options.shared_name = name;
    options.settle_ms = 0;
    auto cache = std::make_unique<Caching>(std::make_unique<AliasEndpoint>(upstream), options);
    cache->wait_for_shared_level(std::chrono::seconds(10));
    return cache;
  }
  static std::string ask(Caching& cache, std::string_view operation, const std::string& body) {
    endpoint::ReplyNotes notes;
    std::string reply;
    try {
      cache.call({.operation = operation, .body = body, .access_key_id = "key", .notes = &notes}, reply);
    } catch (const core::ApiError& error) {
      return std::string(error.type.name());
    }
    return std::string(notes.cache) + " " + reply;
  }
  static std::string put(const std::string& value) {
    return R"({"TableName":"users","Item":{"id":{"S":"a"},"v":{"S":")" + value + R"("}}})";
  }
  static std::string user(const std::string& value) {
    return R"({"Item":{"id":{"S":"a"},"v":{"S":")" + value + R"("}}})";
  }
  static bool is_up(const Caching& cache) {
    std::string text;
    cache.append_statistics(text);
    return text.find(R"("shared":{"up":true)") != std::string::npos;
  }

  ProbedEndpoint upstream;
  std::unique_ptr<RedisServer> redis;
  const std::string get = R"({"TableName":"users","Key":{"id":{"S":"a"}}})";
  const std::string scan = R"({"TableName":"users"})";
  const std::string batch = R"({"RequestItems":{"users":{"Keys":[{"id":{"S":"a"}}]}}})";
};

TEST_F(SharedLevelTest, WhatOneNodeHasReadAnotherNeedNotRead) {
  upstream.ask("PutItem", put("1"));
  const auto first = node();
  const auto second = node();
  EXPECT_EQ(ask(*first, "GetItem", get), "miss " + user("1"));
  EXPECT_EQ(ask(*second, "GetItem", get), "hit " + user("1"));
  EXPECT_TRUE(ask(*first, "Scan", scan).starts_with("miss "));
  EXPECT_TRUE(ask(*second, "Scan", scan).starts_with("hit "));
  std::string statistics;
  second->append_statistics(statistics);
  EXPECT_NE(statistics.find(R"("GetItem":{"hit":1,"miss":0,)"), std::string::npos) << statistics;
  EXPECT_NE(statistics.find(R"("Scan":{"hit":1,"miss":0,)"), std::string::npos) << statistics;
  EXPECT_EQ(ask(*node(), "BatchGetItem", batch),
            R"(hit {"Responses":{"users":[{"id":{"S":"a"},"v":{"S":"1"}}]},"UnprocessedKeys":{}})");
  EXPECT_EQ(upstream.calls("GetItem"), 1);
  EXPECT_EQ(upstream.calls("Scan"), 1);
  EXPECT_EQ(upstream.calls("BatchGetItem"), 0);
  // A node that starts later finds entries; one with another upstream does not.
  EXPECT_EQ(ask(*node(), "GetItem", get), "hit " + user("1"));
  EXPECT_EQ(ask(*node("two"), "GetItem", get), "miss " + user("1"));
}

TEST_F(SharedLevelTest, TablesOfOneNameInTwoAccountsAreTwo) {
  // Two accounts at one address.
  ProbedEndpoint elsewhere;
  elsewhere.ask("CreateTable", R"({"TableName":"users","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
  upstream.ask("PutItem", put("here"));
  elsewhere.ask("PutItem", put("there"));
  Options options;
  options.shared = redis->address();
  options.shared_name = "one";
  options.settle_ms = 0;
  Caching there(std::make_unique<AliasEndpoint>(elsewhere), options);
  there.wait_for_shared_level(std::chrono::seconds(10));
  const auto here = node();
  const std::string transaction = R"({"TransactItems":[{"Get":)" + get + "}]}";
  for (const auto& [operation, body] :
       {std::pair("GetItem", get), {"Scan", scan}, {"BatchGetItem", batch}, {"TransactGetItems", transaction}}) {
    EXPECT_NE(ask(*here, operation, body).find("here"), std::string::npos) << operation;
    EXPECT_NE(ask(there, operation, body).find("there"), std::string::npos) << operation;
  }
}

TEST_F(SharedLevelTest, WhatIsDroppedHereIsNotTakenFromItAgain) {
  upstream.ask("PutItem", put("1"));
  const auto cache = node();
  ask(*cache, "GetItem", get);
  upstream.ask("PutItem", put("2"));
  cache->clear();
  EXPECT_EQ(ask(*cache, "GetItem", get), "miss " + user("2"));
  upstream.ask("PutItem", put("3"));
  cache->set_followed("users", true);
  EXPECT_EQ(ask(*cache, "GetItem", get), "miss " + user("3"));
}

TEST_F(SharedLevelTest, WhatEndsAtItEndsThereFirstAndThenHere) {
  // While the end of a change is on its way, a reader may find the old value in Redis, and must not keep it.
  constexpr std::string_view kBegins = "return doubts";
  constexpr std::string_view kEnds = "redis.call('PUBLISH', ARGV[5], ARGV[i])";
  const std::string transaction = R"({"TransactItems":[{"Put":)" + put("2") + "}]}";
  const std::string statement = R"({"Statement":"UPDATE users SET v='2' WHERE id='a'"})";
  struct Row {
    const char* name;
    std::function<void(Caching& cache)> change;
    /// The start of the write does not reach Redis, so the entries there stay valid until its end.
    bool begins_in_an_outage;
  };
  const Row rows[] = {
      {"a table that begins to be followed",
       [&](Caching& cache) {
         upstream.ask("PutItem", put("2"));
         cache.set_followed("users", true);
       },
       false},
      {"items", [&](Caching& cache) { ask(cache, "TransactWriteItems", transaction); }, true},
      {"a table", [&](Caching& cache) { ask(cache, "ExecuteStatement", statement); }, true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    // Declared before the relay and the cache, whose threads use them until both are destroyed.
    std::atomic<bool> cut = !row.begins_in_an_outage;
    std::atomic<bool> read = false;
    Relay relay(redis->port());
    const auto cache = node(row.name, parse_redis_url("redis://127.0.0.1:" + std::to_string(relay.port())));
    upstream.ask("PutItem", put("1"));
    ask(*cache, "GetItem", get);
    relay.ask_before([&](std::string_view sent) {
      if (sent.find(kBegins) != std::string_view::npos && !cut.exchange(true)) return false;
      if (sent.find(kEnds) != std::string_view::npos && !read.exchange(true)) ask(*cache, "GetItem", get);
      return true;
    });
    upstream.after = [&](const endpoint::Request& request) {
      if (request.operation != "GetItem") eventually([&] { return is_up(*cache); });
    };
    row.change(*cache);
    upstream.after = nullptr;
    EXPECT_TRUE(cut && read);
    EXPECT_EQ(ask(*cache, "GetItem", get), "miss " + user("2"));
  }
}

TEST_F(SharedLevelTest, WhatIsNotThereIsSharedToo) {
  EXPECT_EQ(ask(*node(), "GetItem", get), "miss {}");
  EXPECT_EQ(ask(*node(), "GetItem", get), "hit {}");
}

TEST_F(SharedLevelTest, ABatchTakesFromItWhatIsThereAndAddsWhatIsNot) {
  constexpr int kItems = 60;
  const auto item = [](int i) {
    return R"({"id":{"S":")" + std::to_string(i) + R"("},"v":{"S":")" + std::string(2'000, 'x') + R"("}})";
  };
  std::string keys;
  std::string items;
  for (int i = 0; i < kItems; ++i) {
    upstream.ask("PutItem", R"({"TableName":"users","Item":)" + item(i) + "}");
    keys += (i == 0 ? "" : ",") + (R"({"id":{"S":")" + std::to_string(i) + R"("}})");
    items += (i == 0 ? "" : ",") + item(i);
  }
  const auto batch_of = [](const std::string& of_keys) {
    return R"({"RequestItems":{"users":{"Keys":[)" + of_keys + "]}}}";
  };
  const std::string all = R"({"Responses":{"users":[)" + items + R"(]},"UnprocessedKeys":{}})";
  // Three keys that another node has read, one of which does not exist.
  ask(*node(), "BatchGetItem", batch_of(R"({"id":{"S":"7"}},{"id":{"S":"50"}},{"id":{"S":"none"}})"));
  EXPECT_EQ(ask(*node(), "BatchGetItem", batch_of(keys + R"(,{"id":{"S":"none"}})")), "miss " + all);
  const std::string asked = upstream.last_body("BatchGetItem");
  EXPECT_NE(asked.find(R"({"id":{"S":"8"}})"), std::string::npos);
  for (const char* const key : {R"({"id":{"S":"7"}})", R"({"id":{"S":"50"}})", R"({"id":{"S":"none"}})"}) {
    EXPECT_EQ(asked.find(key), std::string::npos) << key;
  }
  EXPECT_EQ(ask(*node(), "BatchGetItem", batch_of(keys)), "hit " + all);
  EXPECT_EQ(upstream.calls("BatchGetItem"), 2);
}

/// A server that reads all commands before it replies to the first.
TEST(RedisConnections, SendAllCommandsBeforeTheyWaitForAReply) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::thread server([listener] {
    const int connection = ::accept(listener, nullptr, nullptr);
    std::string read;
    char bytes[4096];
    while (read.find("third") == std::string::npos) {
      const ssize_t count = ::recv(connection, bytes, sizeof bytes, 0);
      if (count <= 0) break;
      read.append(bytes, static_cast<std::size_t>(count));
    }
    constexpr std::string_view kReplies = ":1\r\n$3\r\ntwo\r\n:3\r\n:4\r\n-ERR no\r\n";
    (void)::send(connection, kReplies.data(), kReplies.size(), MSG_NOSIGNAL);
    while (::recv(connection, bytes, sizeof bytes, 0) > 0) {
    }
    ::close(connection);
  });
  {
    RedisConnection connection(parse_redis_url("redis://127.0.0.1:" + std::to_string(ntohs(address.sin_port))),
                               std::chrono::seconds(10));
    const std::vector<RedisReply> replies =
        connection.commands({{"GET", "first"}, {"GET", "second"}, {"GET", "third"}});
    ASSERT_EQ(replies.size(), 3U);
    EXPECT_EQ(replies[0].number, 1);
    EXPECT_EQ(replies[1].text, "two");
    EXPECT_EQ(replies[2].number, 3);
    // One refused command fails them all.
    EXPECT_THROW(connection.commands({{"GET", "fourth"}, {"GET", "fifth"}}), RedisError);
  }
  server.join();
  ::close(listener);
}

TEST_F(SharedLevelTest, AWriteThroughOneNodeIsKnownToTheOthers) {
  const std::pair<const char*, std::string> writes[] = {
      {"PutItem", put("2")},
      {"UpdateItem", R"({"TableName":"users","Key":{"id":{"S":"a"}},"UpdateExpression":"SET v = :v",)"
                     R"("ExpressionAttributeValues":{":v":{"S":"2"}}})"},
      {"TransactWriteItems", R"({"TransactItems":[{"Put":)" + put("2") + "}]}"},
      {"BatchWriteItem", R"({"RequestItems":{"users":[{"PutRequest":{"Item":{"id":{"S":"a"},"v":{"S":"2"}}}}]}})"},
      {"ExecuteStatement", R"({"Statement":"UPDATE users SET v = '2' WHERE id = 'a'"})"},
  };
  for (const auto& [operation, body] : writes) {
    upstream.ask("PutItem", put("1"));
    const auto first = node(operation);
    const auto second = node(operation);
    ask(*first, "Scan", scan);
    for (Caching* const cache : {first.get(), second.get()}) ask(*cache, "GetItem", get);
    ask(*first, operation, body);
    // A node without entries of its own never gets the old item from Redis.
    const std::string told = ask(*node(operation), "GetItem", get);
    EXPECT_TRUE(told.ends_with(user("2"))) << operation << ": " << told;
    EXPECT_TRUE(ask(*node(operation), "Scan", scan).starts_with("miss ")) << operation;
    EXPECT_TRUE(eventually([&] { return ask(*second, "GetItem", get).ends_with(user("2")); })) << operation;
  }
}

TEST_F(SharedLevelTest, WhatANodeWroteStaysWhenAnotherSeesItInAStream) {
  const auto writer = node();
  const auto follower = node();
  ask(*follower, "GetItem", get);
  ask(*writer, "PutItem", put("1"));
  EXPECT_EQ(ask(*writer, "GetItem", get), "hit " + user("1"));
  const auto see = [&](const std::string& value) {
    json::Parser parser;
    const std::string record = R"({"eventName":"MODIFY","dynamodb":{"Keys":{"id":{"S":"a"}},"NewImage":)"
                               R"({"id":{"S":"a"},"v":{"S":")" +
                               value + R"("}}}})";
    follower->note_change("users", parser.parse(record).get_object());
  };
  const auto told = [&] {
    std::string text;
    writer->append_statistics(text);
    const std::size_t at = text.find("\"told\":") + 7;
    return std::stoi(text.substr(at));
  };
  see("1");
  EXPECT_TRUE(eventually([&] { return told() == 1; }));
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(ask(*writer, "GetItem", get), "hit " + user("1"));
  upstream.ask("PutItem", put("2"));
  see("2");
  EXPECT_TRUE(eventually([&] { return ask(*writer, "GetItem", get).ends_with(user("2")); }));
}

TEST_F(SharedLevelTest, AReadThatBeganBeforeAWriteElsewhereIsNotKept) {
  upstream.ask("PutItem", put("1"));
  const auto first = node();
  const auto second = node();
  ask(*first, "Scan", scan);
  std::latch read(1);
  std::latch written(1);
  upstream.after = [&](const endpoint::Request& request) {
    if (request.operation != "GetItem") return;
    read.count_down();
    written.wait();
  };
  auto old = std::async(std::launch::async, [&] { return ask(*second, "GetItem", get); });
  read.wait();
  ask(*first, "PutItem", put("2"));
  written.count_down();
  EXPECT_EQ(old.get(), "miss " + user("1"));
  upstream.after = nullptr;
  EXPECT_EQ(ask(*node(), "GetItem", get), "miss " + user("2"));
}

TEST_F(SharedLevelTest, WhileAnotherNodeWritesNothingIsKept) {
  const auto first = node();
  const auto second = node();
  ask(*first, "GetItem", get);
  upstream.before = [&](const endpoint::Request& request) {
    if (request.operation != "PutItem") return;
    upstream.before = nullptr;
    EXPECT_EQ(ask(*node(), "GetItem", get), "miss {}");
    EXPECT_EQ(ask(*node(), "GetItem", get), "miss {}");
  };
  ask(*first, "PutItem", put("1"));
  EXPECT_EQ(ask(*node(), "GetItem", get), "miss " + user("1"));
  EXPECT_EQ(ask(*node(), "GetItem", get), "hit " + user("1"));
}

TEST_F(SharedLevelTest, WhatIsReadWhileAnotherNodeWritesIsNotKeptWhereItWasReadEither) {
  upstream.ask("PutItem", put("1"));
  const auto writer = node();
  const auto reader = node();
  ask(*writer, "Scan", scan);
  upstream.before = [&](const endpoint::Request& request) {
    if (request.operation != "PutItem") return;
    upstream.before = nullptr;
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(ask(*reader, "GetItem", get), "miss " + user("1"));
      EXPECT_TRUE(ask(*reader, "Scan", scan).starts_with("miss "));
      EXPECT_TRUE(ask(*reader, "BatchGetItem", batch).starts_with("miss "));
    }
  };
  ask(*writer, "PutItem", put("2"));
}

TEST_F(SharedLevelTest, AWriteInDoubtIsSoForAllNodes) {
  upstream.ask("PutItem", put("1"));
  const auto writer = node();
  const auto other = node();
  ask(*other, "GetItem", get);
  upstream.before = [](const endpoint::Request& request) {
    if (request.operation == "PutItem") throw core::ApiError("ServiceUnavailable", "cut");
  };
  EXPECT_EQ(ask(*writer, "PutItem", put("late")), "ServiceUnavailable");
  upstream.before = nullptr;
  // A node that started after the failed write learns of it when it writes itself.
  const auto newcomer = node();
  ask(*newcomer, "PutItem", put("1"));
  EXPECT_TRUE(eventually([&] { return ask(*other, "GetItem", get) == "miss " + user("1"); }));
  // The write may still take effect: neither reads nor the items that other writes leave are kept.
  const std::string transaction = R"({"TransactItems":[{"Get":)" + get + "}]}";
  const std::string consistent = R"({"TableName":"users","Key":{"id":{"S":"a"}},"ConsistentRead":true})";
  EXPECT_TRUE(ask(*other, "TransactGetItems", transaction).starts_with("pass "));
  EXPECT_TRUE(ask(*other, "GetItem", consistent).starts_with("pass "));
  EXPECT_EQ(ask(*other, "GetItem", get), "miss " + user("1"));
  ask(*other, "PutItem", put("2"));
  upstream.ask("PutItem", put("late"));
  EXPECT_EQ(ask(*other, "GetItem", get), "miss " + user("late"));
  EXPECT_EQ(ask(*newcomer, "GetItem", get), "miss " + user("late"));
  EXPECT_EQ(ask(*node(), "GetItem", get), "miss " + user("late"));
  EXPECT_EQ(ask(*node(), "GetItem", get), "miss " + user("late"));
}

TEST_F(SharedLevelTest, AWriteInDoubtThatMayBeOfAnyItemIsSoForAllNodes) {
  const struct {
    const char* operation;
    std::string body;
  } rows[] = {
      {"ExecuteStatement", R"({"Statement":"UPDATE users SET v = 'late' WHERE id = 'a'"})"},
      // A write to a table whose schema this node does not know, as DescribeTable failed.
      {"PutItem", put("late")},
  };
  for (const auto& row : rows) {
    upstream.ask("PutItem", put("1"));
    const auto writer = node(row.operation);
    upstream.before = [&](const endpoint::Request& request) {
      const bool asks = request.operation == "DescribeTable";
      if (asks || request.operation == row.operation) throw core::ApiError("ServiceUnavailable", "cut");
    };
    EXPECT_EQ(ask(*writer, row.operation, row.body), "ServiceUnavailable");
    upstream.before = nullptr;
    // A node that started later keeps neither what it reads nor what it writes.
    const auto reader = node(row.operation);
    EXPECT_EQ(ask(*reader, "GetItem", get), "miss " + user("1")) << row.operation;
    const auto other = node(row.operation);
    ask(*other, "PutItem", put("2"));
    upstream.ask("PutItem", put("late"));
    for (Caching* const cache : {reader.get(), other.get()}) {
      EXPECT_EQ(ask(*cache, "GetItem", get), "miss " + user("late")) << row.operation;
    }
  }
}

TEST_F(SharedLevelTest, ATransactionsReadsAreShared) {
  upstream.ask("PutItem", put("1"));
  const auto first = node();
  ask(*first, "Scan", scan);  // learns the schema
  ask(*first, "TransactGetItems", R"({"TransactItems":[{"Get":)" + get + "}]}");
  EXPECT_EQ(ask(*node(), "GetItem", get), "hit " + user("1"));
}

TEST_F(SharedLevelTest, WithoutItRequestsGoToTheUpstreamAndNoneFails) {
  const auto cache = node();
  ask(*cache, "PutItem", put("1"));
  EXPECT_EQ(ask(*cache, "GetItem", get), "hit " + user("1"));
  redis->kill();
  EXPECT_TRUE(eventually([&] { return !is_up(*cache); }));
  // Other nodes may write, and this node would not learn of it.
  upstream.ask("PutItem", put("2"));
  EXPECT_EQ(ask(*cache, "GetItem", get), "pass " + user("2"));
  EXPECT_TRUE(ask(*cache, "Scan", scan).starts_with("pass "));
  EXPECT_TRUE(ask(*cache, "BatchGetItem", batch).starts_with("pass "));
  EXPECT_EQ(ask(*cache, "PutItem", put("3")), "pass {}");
  redis->start();
  EXPECT_TRUE(eventually([&] { return is_up(*cache); }));
  EXPECT_TRUE(eventually([&] { return ask(*cache, "GetItem", get) == "hit " + user("3"); }));
}

TEST_F(SharedLevelTest, WhatWasWrittenInAnOutageIsToldBeforeItIsAskedAgain) {
  upstream.ask("PutItem", put("0"));
  const auto cache = node();
  RedisConnection administrator(redis->address(), std::chrono::seconds(10));
  for (int round = 1; round <= 10; ++round) {
    // Redis keeps the items read here: only its connections are cut.
    EXPECT_TRUE(ask(*node(), "GetItem", get).ends_with(user(std::to_string(round - 1))));
    for (const char* const type : {"normal", "pubsub"}) administrator.command({"CLIENT", "KILL", "TYPE", type});
    ask(*cache, "PutItem", put(std::to_string(round)));
    EXPECT_TRUE(eventually([&] {
      EXPECT_TRUE(ask(*cache, "GetItem", get).ends_with(user(std::to_string(round))));
      return is_up(*cache);
    }));
    EXPECT_TRUE(ask(*cache, "GetItem", get).ends_with(user(std::to_string(round))));
  }
}

TEST_F(SharedLevelTest, AServerThatTakesNoWritesIsLeftAloneAndSaysWhyOnce) {
  RedisConnection administrator(redis->address(), std::chrono::seconds(10));
  administrator.command({"CONFIG", "SET", "maxmemory", "1"});
  std::mutex mutex;
  std::vector<std::string> lines;
  Options options;
  options.shared = redis->address();
  options.settle_ms = 0;
  options.log = [&](core::LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex);
    lines.emplace_back(line);
  };
  Caching cache(std::make_unique<AliasEndpoint>(upstream), options);
  cache.wait_for_shared_level(milliseconds(1'000));
  EXPECT_EQ(ask(cache, "GetItem", get), "pass {}");
  EXPECT_EQ(ask(cache, "PutItem", put("1")), "pass {}");
  EXPECT_EQ(ask(cache, "GetItem", get), "pass " + user("1"));
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(lines.size(), 1);
    EXPECT_NE(lines.at(0).find("OOM"), std::string::npos) << lines.at(0);
  }
  administrator.command({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(eventually([&] { return ask(cache, "GetItem", get) == "hit " + user("1"); }));
  // Redis becomes full while it is in use.
  administrator.command({"CONFIG", "SET", "maxmemory", "1"});
  ask(cache, "PutItem", put("2"));
  EXPECT_TRUE(eventually([&] {
    EXPECT_TRUE(ask(cache, "GetItem", get).ends_with(user("2")));
    ask(cache, "GetItem", R"({"TableName":"users","Key":{"id":{"S":"b"}}})");
    const std::lock_guard lock(mutex);
    return lines.size() == 3 && lines.back().find("OOM") != std::string::npos;
  }));
}

TEST_F(SharedLevelTest, WhileItIsFullNodesGoOnHearingOfWrites) {
  RedisConnection administrator(redis->address(), std::chrono::seconds(10));
  const auto first = node();
  const auto second = node();
  ask(*first, "PutItem", put("0"));
  EXPECT_TRUE(eventually([&] { return ask(*second, "GetItem", get) == "hit " + user("0"); }));
  administrator.command({"CONFIG", "SET", "maxmemory", "1"});
  for (int round = 1; round <= 10; ++round) {
    const std::string now = std::to_string(round);
    ask(*first, "PutItem", put(now));
    EXPECT_TRUE(ask(*first, "GetItem", get).ends_with(user(now))) << now;
    EXPECT_TRUE(eventually([&] { return ask(*second, "GetItem", get).ends_with(user(now)); })) << now;
    EXPECT_TRUE(is_up(*first) && is_up(*second)) << now;
  }
  administrator.command({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(eventually([&] { return ask(*second, "GetItem", get) == "hit " + user("10"); }));
}

TEST_F(SharedLevelTest, OverTlsWithAUserItIsTheSame) {
  redis = std::make_unique<RedisServer>(true);
  const auto one = node();
  const auto other = node();
  upstream.ask("PutItem", put("1"));
  EXPECT_EQ(ask(*one, "GetItem", get), "miss " + user("1"));
  EXPECT_EQ(ask(*other, "GetItem", get), "hit " + user("1"));
  ask(*one, "PutItem", put("2"));
  EXPECT_TRUE(eventually([&] { return ask(*other, "GetItem", get).ends_with(user("2")); }));
  // An outage: the cache waits until it is over.
  redis->kill();
  EXPECT_TRUE(eventually([&] { return ask(*one, "GetItem", get) == "pass " + user("2"); }));
  redis->start();
  EXPECT_TRUE(eventually([&] { return ask(*one, "GetItem", get) == "hit " + user("2"); }));
}

TEST_F(SharedLevelTest, ACertificateThatIsNotTheServersIsRefused) {
  redis = std::make_unique<RedisServer>(true);
  const auto fault = [](const RedisAddress& address) -> std::string {
    try {
      RedisConnection connection(address, std::chrono::seconds(5));
      return connection.command({"PING"}).text.value_or("");
    } catch (const RedisError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(fault(redis->address()), "PONG");
  RedisAddress unknown = redis->address();
  unknown.authorities.clear();
  EXPECT_TRUE(fault(unknown).starts_with("connect: ")) << fault(unknown);
  RedisAddress other_name = redis->address();
  other_name.host = "127.0.0.1";
  EXPECT_TRUE(fault(other_name).starts_with("connect: ")) << fault(other_name);
  RedisAddress plain = redis->address();
  plain.tls = false;
  EXPECT_NE(fault(plain), "PONG");
  RedisAddress stranger = redis->address();
  stranger.password = "wrong";
  EXPECT_TRUE(fault(stranger).starts_with("AUTH: WRONGPASS")) << fault(stranger);
  // A command longer than one TLS record, and a reply that takes several reads.
  RedisConnection connection(redis->address(), std::chrono::seconds(10));
  const std::string large(3 << 20, 'x');
  connection.command({"SET", "stator:large", large});
  EXPECT_EQ(connection.command({"GET", "stator:large"}).text, large);
}

TEST_F(SharedLevelTest, ANodeThatStartsBeforeItWaitsForIt) {
  redis->kill();
  Options options;
  options.shared = redis->address();
  options.settle_ms = 0;
  Caching cache(std::make_unique<AliasEndpoint>(upstream), options);
  EXPECT_EQ(ask(cache, "GetItem", get), "pass {}");
  redis->start();
  EXPECT_TRUE(eventually([&] { return ask(cache, "GetItem", get) == "hit {}"; }));
}

TEST(RedisUrl, IsReadOrRefused) {
  const auto read = [](std::string_view url) {
    const RedisAddress address = parse_redis_url(url);
    return address.user + "|" + address.password + "|" + address.host + "|" + std::to_string(address.port) + "|" +
           std::to_string(address.database) + (address.tls ? "|tls" : "");
  };
  EXPECT_EQ(read("redis://localhost"), "||localhost|6379|0");
  EXPECT_EQ(read("redis://:pa@ss@10.0.0.1:7000/3"), "|pa@ss|10.0.0.1|7000|3");
  EXPECT_EQ(read("redis://ann:secret@[::1]:7000"), "ann|secret|::1|7000|0");
  EXPECT_EQ(read("redis://[::1]/"), "||::1|6379|0");
  EXPECT_EQ(read("rediss://ann:a%3ab%25%@host/1"), "ann|a:b%%|host|6379|1|tls");
  for (const char* const url : {"", "localhost", "rediss://", "redis://", "redis://host:x", "redis://host:0",
                                "redis://host/x", "redis://user@host"}) {
    EXPECT_THROW(parse_redis_url(url), std::invalid_argument) << url;
  }
}

}  // namespace
}  // namespace stator::cache
