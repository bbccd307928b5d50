#include <gtest/gtest.h>

#include <deque>

#include "server/running_server.h"

namespace stator::server {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

TEST(Connection, IsKeptAliveFromRequestToRequest) {
  const RunningServer server;
  Client client(server.port());
  for (int i = 0; i < 50; ++i) {
    client.send(request("GetItem", std::to_string(i)));
    EXPECT_EQ(client.receive().body, R"({"Item":{"echo":)" + std::to_string(i) + "}}");
  }
}

TEST(Connection, ClosesWhenAskedTo) {
  const RunningServer server;
  Client client(server.port());
  client.send(request("GetItem", "{}", "Connection: close\r\n"));
  const Reply reply = client.receive();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST(Connection, SpeaksHttpOneZero) {
  const RunningServer server;
  Client client(server.port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.at_end());
  Client kept(server.port());
  for (int i = 0; i < 2; ++i) {
    kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(kept.receive().header("connection"), "keep-alive");
  }
}

TEST(Connection, PipelinedRequestsAreAnsweredInOrder) {
  const RunningServer server;
  Client client(server.port());
  constexpr int kRequests = 1'000;
  std::string all;
  for (int i = 0; i < kRequests; ++i) {
    all += i % 3 == 0 ? chunked_request("GetItem", std::to_string(i), 2) : request("GetItem", std::to_string(i));
  }
  std::jthread sender([&] { client.send(all); });
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_EQ(client.receive().body, R"({"Item":{"echo":)" + std::to_string(i) + "}}");
  }
}

TEST(Connection, RequestsMayArriveByteByByte) {
  const RunningServer server;
  Client client(server.port());
  for (const std::string& text : {request("GetItem", R"({"a":1})"), chunked_request("GetItem", R"({"a":1})", 3)}) {
    for (const char c : text) ASSERT_TRUE(client.send({&c, 1}));
    EXPECT_EQ(client.receive().body, R"({"Item":{"echo":{"a":1}}})");
  }
}

TEST(Connection, LargeBodiesArriveWhole) {
  const RunningServer server;
  const std::string body = "\"" + std::string(5'000'000, 'b') + "\"";
  for (const std::string& text : {request("GetItem", body), chunked_request("GetItem", body, 70'000)}) {
    Client client(server.port());
    std::jthread sender([&] { client.send(text); });
    EXPECT_EQ(client.receive().body.size(), body.size() + std::string(R"({"Item":{"echo":}})").size());
  }
}

TEST(Connection, SaysContinueBeforeTheBody) {
  const RunningServer server;
  Client client(server.port());
  const std::string text = request("GetItem", R"({"a":1})", "Expect: 100-continue\r\n");
  const std::size_t head = text.find("\r\n\r\n") + 4;
  client.send(text.substr(0, head));
  EXPECT_EQ(client.receive().status, 100);
  client.send(text.substr(head));
  EXPECT_EQ(client.receive().body, R"({"Item":{"echo":{"a":1}}})");
  client.send(text);
  EXPECT_EQ(client.receive().status, 200) << "no 100 where the body came along";
}

TEST(Connection, RefusesABodyOverTheLimitBeforeItIsSent) {
  const RunningServer server;
  Client client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 16777217\r\n\r\n");
  EXPECT_EQ(client.receive().status, 413);
}

TEST(Connection, ABodyOfSixteenMegabytesIsTakenAndOneByteMoreIsNot) {
  const RunningServer server;
  constexpr std::size_t kLimit = 16 * 1024 * 1024;
  for (const std::size_t size : {kLimit, kLimit + 1, 3 * kLimit}) {
    const std::string body = "\"" + std::string(size - 2, 'b') + "\"";
    for (const std::string& text : {request("TagResource", body), chunked_request("TagResource", body, 1'000'000)}) {
      Client client(server.port());
      // The whole request is sent before the reply is read, as most clients do.
      EXPECT_TRUE(client.send(text));
      const Reply reply = client.receive();
      EXPECT_EQ(reply.status, size == kLimit ? 200 : 413) << size;
      EXPECT_EQ(reply.header("transfer-encoding"), reply.status == 413 ? "chunked" : "");
    }
  }
  EXPECT_TRUE(server.alive());
}

TEST(Connection, WrongBytesAreRefusedAndCutOff) {
  const RunningServer server;
  const std::pair<std::string, int> rows[] = {
      {"\x16\x03\x01\x02\x01\xfc", 400},
      {"hello\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nA: " + std::string(17'000, 'x') + "\r\n\r\n", 400},
      {"POST /" + std::string(17'000, 'x') + " HTTP/1.1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nExpect: tea\r\n\r\n", 417},
      {"GET / HTTP/3.0\r\n\r\n", 505},
  };
  for (const auto& [text, status] : rows) {
    Client client(server.port());
    client.send(text);
    client.half_close();
    EXPECT_EQ(client.receive().status, status) << text.substr(0, 40);
    EXPECT_TRUE(client.at_end());
  }
  EXPECT_TRUE(server.alive());
}

TEST(Connection, AHalfClosedClientStillGetsItsReplies) {
  const RunningServer server;
  Client client(server.port());
  client.send(request("GetItem", "1") + request("UpdateItem", "{}") + request("GetItem", "3"));
  client.half_close();
  EXPECT_EQ(client.receive().body, R"({"Item":{"echo":1}})");
  EXPECT_EQ(client.receive().body, "{}");
  EXPECT_EQ(client.receive().body, R"({"Item":{"echo":3}})");
  EXPECT_TRUE(client.at_end());
}

TEST(Connection, AClientThatVanishesDisturbsNobody) {
  RunningServer server;
  server.endpoint.large_reply_bytes = 1'000'000;
  for (int i = 0; i < 100; ++i) {
    Client client(server.port());
    client.send(i % 2 == 0 ? request("Query") : request("GetItem").substr(0, static_cast<std::size_t>(i)));
  }
  EXPECT_TRUE(server.alive());
}

TEST(Timeouts, CutOffASlowSender) {
  Options options;
  options.request_timeout_ms = 200;
  const RunningServer server(options);
  const auto start = Clock::now();
  // Sending a byte now and then does not help: the whole request has one deadline.
  for (const std::string& text : {request("GetItem"), chunked_request("GetItem", std::string(100, '1'), 1)}) {
    Client client(server.port());
    std::size_t sent = 0;
    while (sent < text.size() && client.send(text.substr(sent, 1)) && client.silent(10)) ++sent;
    EXPECT_LT(sent, text.size() - 1);
    EXPECT_EQ(client.receive().status, 408);
    EXPECT_TRUE(client.at_end());
  }
  EXPECT_LT(seconds_since(start), 25.0);
  EXPECT_TRUE(server.alive());
}

TEST(Timeouts, CloseAnIdleConnection) {
  Options options;
  options.idle_timeout_ms = 1'000;
  const RunningServer server(options);
  Client silent(server.port());
  Client used(server.port());
  used.send(request("GetItem"));
  EXPECT_EQ(used.receive().status, 200);
  EXPECT_TRUE(silent.at_end());
  EXPECT_TRUE(used.at_end());
}

TEST(Timeouts, CutOffAClientThatDoesNotReadItsReplies) {
  Options options;
  options.write_timeout_ms = 200;
  options.threads = 1;
  const RunningServer server(options);
  Client client(server.port(), 4096);
  std::string many;
  for (int i = 0; i < 10; ++i) many += request("Query");
  client.send(many);
  EXPECT_TRUE(server.alive()) << "on the same thread";
  EXPECT_TRUE(soon([&] { return server.server->buffered_bytes() == 0; })) << "it is cut off";
  EXPECT_LT(server.endpoint.calls, 8) << "replies pile up";
  EXPECT_TRUE(client.at_end()) << "what had been sent, then the end";
}

TEST(Limits, ConnectionsAboveTheMostAreTurnedAway) {
  Options options;
  options.max_connections = 5;
  const RunningServer server(options);
  {
    std::deque<Client> clients;
    for (int i = 0; i < 5; ++i) {
      clients.emplace_back(server.port());
      clients.back().send(request("GetItem"));
      EXPECT_EQ(clients.back().receive().status, 200);
    }
    Client one_more(server.port());
    EXPECT_EQ(one_more.receive().status, 503);
    clients.front().send(request("GetItem"));
    EXPECT_EQ(clients.front().receive().status, 200);
  }
  EXPECT_TRUE(soon([&] { return server.alive(); }));
}

TEST(Limits, BufferedInputIsBounded) {
  Options options;
  options.max_buffered_bytes = 8 * 1024 * 1024;  // one request and the memory for reading it
  options.threads = 1;
  const RunningServer server(options);
  const std::string text = request("TagResource", "\"" + std::string(3'000'000, 'b') + "\"");
  {
    std::deque<Client> clients;
    int refused = 0;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back(server.port());
      clients.back().send(text.substr(0, text.size() - 1));
    }
    for (Client& client : clients) {
      client.send(text.substr(text.size() - 1));
      refused += client.receive().status == 503 ? 1 : 0;
    }
    EXPECT_GE(refused, 1);
  }
  EXPECT_TRUE(server.alive());
  EXPECT_EQ(server.ask(text).status, 200);
}

TEST(Server, ServesAThousandConnections) {
  const RunningServer server;
  std::deque<Client> clients;
  for (int i = 0; i < 1'000; ++i) clients.emplace_back(server.port());
  for (Client& client : clients) client.send(request("GetItem"));
  for (Client& client : clients) ASSERT_EQ(client.receive().status, 200);
}

TEST(Server, AnswersManyClientsAtOnce) {
  const RunningServer server;
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back([&, t] {
        Client client(server.port());
        for (int i = 0; i < 200; ++i) {
          const std::string body = std::to_string(t * 1'000 + i);
          client.send(request("GetItem", body));
          if (client.receive().body == R"({"Item":{"echo":)" + body + "}}") right.fetch_add(1);
        }
      });
    }
  }
  EXPECT_EQ(right, 16 * 200);
}

TEST(Server, FinishesWhatIsInFlightWhenStopped) {
  RunningServer server;
  Client working(server.port());
  Client sending(server.port());
  Client idle(server.port());
  idle.send(request("GetItem"));
  EXPECT_EQ(idle.receive().status, 200);
  const std::string text = request("GetItem", R"({"a":1})");
  sending.send(text.substr(0, text.size() - 3));
  working.send(request("UpdateItem"));
  while (server.endpoint.calls < 2) std::this_thread::yield();
  server.server->stop();
  EXPECT_TRUE(idle.at_end());
  sending.send(text.substr(text.size() - 3));
  const Reply reply = sending.receive();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("connection"), "close");
  EXPECT_EQ(working.receive().status, 200);
  server.thread.join();
  EXPECT_THROW(Client(server.port()), std::runtime_error);
}

TEST(Server, GivesUpOnWhatIsInFlightAfterTheDrainTimeout) {
  Options options;
  options.drain_timeout_ms = 200;
  RunningServer server(options);
  Client sending(server.port());
  sending.send("POST / HTTP/1.1\r\n");
  Client deaf(server.port(), 4096);
  deaf.send(request("Query"));
  while (server.endpoint.calls < 1) std::this_thread::yield();
  const auto start = Clock::now();
  server.stop();
  EXPECT_LT(seconds_since(start), 9.0) << "not the 10 s that it has otherwise";
}

TEST(Server, SaysInOneLineWhyItCannotListen) {
  const RunningServer server;
  FakeEndpoint endpoint;
  Options options;
  const auto failure = [&] {
    try {
      const Server second(endpoint, options);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  options.port = server.port();
  EXPECT_EQ(failure(), "cannot listen on 127.0.0.1:" + std::to_string(server.port()) +
                           ": the port is in use (--port chooses another)");
  options.port = 0;
  options.host = "192.0.2.1";
  EXPECT_EQ(failure(), "cannot listen on 192.0.2.1:0: this machine has no such address");
  options.host = "no such name";
  EXPECT_EQ(failure(), "cannot listen on no such name:0: no address of that name");
}

TEST(Server, MayBeStoppedBeforeItRuns) {
  FakeEndpoint endpoint;
  Options options;
  options.port = 0;
  Server server(endpoint, options);
  server.stop();
  server.run();
}

}  // namespace
}  // namespace stator::server
