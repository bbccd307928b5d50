#include <gtest/gtest.h>

#include <deque>

#include "server/running_server.h"

namespace stator::server {
namespace {

/// `count` calls that wait until unblocked, each on its own connection.
class BlockedCalls {
 public:
  BlockedCalls(RunningServer& server, const std::string& operation, int count) : server_(server) {
    server.endpoint.block(operation);
    for (int i = 0; i < count; ++i) {
      clients_.emplace_back(server.port());
      clients_.back().send(request(operation));
    }
  }
  ~BlockedCalls() { server_.endpoint.unblock(); }
  BlockedCalls(const BlockedCalls&) = delete;
  BlockedCalls& operator=(const BlockedCalls&) = delete;

  void wait_for(int count) const {
    EXPECT_TRUE(reach(count, std::chrono::minutes(1))) << server_.endpoint.waiting << " of " << count << " calls wait";
  }
  /// Returns whether `count` calls wait in the endpoint within `patience`.
  [[nodiscard]] bool reach(int count, std::chrono::milliseconds patience) const {
    for (const auto end = std::chrono::steady_clock::now() + patience; server_.endpoint.waiting < count;) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  std::deque<Client>& clients() { return clients_; }

 private:
  RunningServer& server_;
  std::deque<Client> clients_;
};

/// Waits until the server accepts no more connections.
bool refuses_newcomers(const RunningServer& server) {
  for (int i = 0; i < 2'000; ++i) {
    try {
      const Client newcomer(server.port());
    } catch (const std::runtime_error&) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

std::string health() { return "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"; }

class SlowCalls : public testing::TestWithParam<const char*> {};

// A page that takes long, a write that is held up, and an operation that is known to wait; with two event loops.
INSTANTIATE_TEST_SUITE_P(Operations, SlowCalls, testing::Values("BatchGetItem", "TagResource", "CreateTable"));

TEST_P(SlowCalls, HoldUpNobodyElse) {
  RunningServer server;
  std::deque<Client> before;
  for (int i = 0; i < 8; ++i) before.emplace_back(server.port());
  constexpr int kBlocked = 12;
  BlockedCalls blocked(server, GetParam(), kBlocked);
  blocked.wait_for(kBlocked);
  for (int round = 0; round < 3; ++round) {
    for (Client& client : before) {
      client.send(request("GetItem"));
      EXPECT_EQ(client.receive().status, 200) << "a connection from before";
    }
    EXPECT_TRUE(server.alive()) << "a new connection";
    EXPECT_EQ(server.ask(health()).status, 200);
  }
  EXPECT_EQ(server.endpoint.waiting, kBlocked);
  server.endpoint.unblock();
  for (Client& client : blocked.clients()) EXPECT_EQ(client.receive().status, 200);
  // Connections of slow calls work as before afterwards.
  for (Client& client : blocked.clients()) {
    client.send(request("GetItem", "7"));
    EXPECT_EQ(client.receive().body, R"({"Item":{"echo":7}})");
  }
}

TEST_P(SlowCalls, MoreThanThereAreThreadsStillLeaveHealthAndAcceptingAlone) {
  RunningServer server;
  BlockedCalls blocked(server, GetParam(), 150);
  blocked.wait_for(35);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(server.ask(health()).status, 200);
  server.endpoint.unblock();
  for (Client& client : blocked.clients()) EXPECT_EQ(client.receive().status, 200);
}

TEST(SlowCalls, ManyPagesLeaveItemsAlone) {
  RunningServer server;
  BlockedCalls blocked(server, "BatchGetItem", 150);
  blocked.wait_for(35);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(server.alive());
}

TEST(SlowCalls, AsManyRunAsTheServerIsToldTo) {
  Options options;
  options.max_calls = 100;
  RunningServer server(options);
  BlockedCalls blocked(server, "CreateTable", 110);
  blocked.wait_for(100);
  EXPECT_FALSE(blocked.reach(103, std::chrono::milliseconds(100))) << "two loops, which run none of these";
}

TEST(SlowCalls, WhoWaitedTooLongForAThreadIsRefusedAndNothingIsDone) {
  Options options;
  options.call_timeout_ms = 20;
  RunningServer server(options);
  constexpr int kCalls = 100;
  constexpr int kThreads = 40;
  BlockedCalls blocked(server, "CreateTable", kCalls);
  // On a busy machine some of the first calls, too, wait longer than their 20 ms for a thread.
  (void)blocked.reach(kThreads, std::chrono::seconds(1));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(server.ask(health()).status, 200);  // meanwhile the other calls have arrived
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  server.endpoint.unblock();
  std::vector<Client*> refused;
  for (Client& client : blocked.clients()) {
    const Reply reply = client.receive();
    if (reply.status == 200) continue;
    refused.push_back(&client);
    EXPECT_EQ(reply.status, 503);
    EXPECT_NE(reply.body.find("#ServiceUnavailable"), std::string::npos) << reply.body;
    EXPECT_NE(reply.body.find("too long for its turn"), std::string::npos) << reply.body;
  }
  // Only after all have been answered: otherwise these calls, too, might wait 20 ms for a thread.
  for (Client* client : refused) {
    client->send(request("GetItem", "7"));
    EXPECT_EQ(client->receive().body, R"({"Item":{"echo":7}})") << "the connection goes on";
  }
  EXPECT_FALSE(refused.empty());
  EXPECT_EQ(server.endpoint.calls, kCalls) << "a GetItem for each that was refused";
}

TEST(SlowCalls, PipelinedRequestsBehindThemAreAnsweredInOrder) {
  RunningServer server;
  server.endpoint.block("BatchGetItem");
  server.endpoint.block("CreateTable");
  Client client(server.port());
  client.send(request("GetItem", "1") + request("BatchGetItem") + request("GetItem", "2") + request("CreateTable") +
              request("GetItem", "3"));
  client.half_close();
  while (server.endpoint.waiting < 1) std::this_thread::yield();
  EXPECT_TRUE(server.alive());
  server.endpoint.unblock();
  EXPECT_EQ(client.receive().body, R"({"Item":{"echo":1}})");
  EXPECT_EQ(client.receive().body, "{}");
  EXPECT_EQ(client.receive().body, R"({"Item":{"echo":2}})");
  EXPECT_EQ(client.receive().body, "{}");
  EXPECT_EQ(client.receive().body, R"({"Item":{"echo":3}})");
  EXPECT_TRUE(client.at_end());
}

TEST(SlowCalls, MayLoseTheirClients) {
  RunningServer server;
  {
    BlockedCalls blocked(server, "BatchGetItem", 10);
    blocked.wait_for(10);
    blocked.clients().clear();
    EXPECT_TRUE(server.alive());
  }
  EXPECT_TRUE(server.alive());
}

TEST(SlowCalls, AreFinishedWhenTheServerStops) {
  RunningServer server;
  BlockedCalls blocked(server, "BatchGetItem", 6);
  blocked.wait_for(6);
  server.server->stop();
  EXPECT_TRUE(refuses_newcomers(server)) << "it heard of the stop";
  server.endpoint.unblock();
  for (Client& client : blocked.clients()) {
    const Reply reply = client.receive();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("connection"), "close");
  }
  server.stop();
}

TEST(SlowCalls, LoopsChangeThreadsUnderLoad) {
  RunningServer server;
  std::atomic<int> right{0};
  constexpr int kThreads = 6;
  constexpr int kRequests = 60;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        Client client(server.port());
        for (int i = 0; i < kRequests; ++i) {
          if (i % 20 == t) {
            client.send(request("UpdateItem"));  // takes 200 ms
            if (client.receive().body == "{}") right.fetch_add(1);
            continue;
          }
          const std::string body = std::to_string(t * 1'000 + i);
          client.send(request("GetItem", body));
          if (client.receive().body == R"({"Item":{"echo":)" + body + "}}") right.fetch_add(1);
        }
      });
    }
  }
  EXPECT_EQ(right, kThreads * kRequests);
}

}  // namespace
}  // namespace stator::server
