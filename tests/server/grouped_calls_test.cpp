#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "endpoint/embedded.h"
#include "server/client.h"
#include "server/server.h"
#include "support/attempts.h"
#include "support/faulty_file_system.h"
#include "support/temporary_directory.h"

/// Writes of many connections to a server with sync, where each write waits for the disk.
namespace stator::server {
namespace {

using testing::FaultyFileSystem;

constexpr int kConnections = 16;
constexpr const char* kTable =
    R"({"TableName":"things","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},)"
    R"({"AttributeName":"sk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],)"
    R"("LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],)"
    R"("Projection":{"ProjectionType":"KEYS_ONLY"}}]})";

std::string raise(const std::string& pk, const std::string& more = "") {
  return R"({"TableName":"things","Key":{"pk":{"S":")" + pk +
         R"("},"sk":{"S":"s"}},"UpdateExpression":"ADD c :one","ExpressionAttributeValues":{":one":{"N":"1"}})" + more +
         "}";
}

class SyncedServer : public ::testing::Test {
 protected:
  SyncedServer() {
    engine::Options synced;
    synced.directory = directory_.path() / "data";
    synced.sync = true;
    synced.transition_delay_ms = 0;
    synced.resources.file_system = files_;
    endpoint_ = std::make_unique<endpoint::Embedded>(synced);
    endpoint_->call("CreateTable", kTable);
    Options options;
    options.port = 0;
    options.threads = 2;
    server_ = std::make_unique<Server>(*endpoint_, options);
    thread_ = std::thread([this] { server_->run(); });
  }
  ~SyncedServer() override {
    server_->stop();
    thread_.join();
  }
  /// Calls `work` for each number, on its own thread and connection.
  template <class Work>
  void on_each_connection(const Work& work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kConnections; ++i) {
      threads.emplace_back([this, &work, i] {
        Client client(server_->port());
        work(client, i);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  int value_of(const std::string& pk) {
    const std::string reply = endpoint_->call(
        "GetItem", R"({"TableName":"things","Key":{"pk":{"S":")" + pk + R"("},"sk":{"S":"s"}},"ConsistentRead":true})");
    const std::size_t at = reply.find(R"("c":{"N":")");
    return at == std::string::npos ? 0 : std::atoi(reply.c_str() + at + 10);
  }

  TemporaryDirectory directory_;
  std::shared_ptr<FaultyFileSystem> files_ = std::make_shared<FaultyFileSystem>();
  std::unique_ptr<endpoint::Embedded> endpoint_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_F(SyncedServer, EveryWriteIsDoneOnceAndAnsweredForItself) {
  constexpr int kEach = 40;
  std::atomic<int> wrong = 0;
  on_each_connection([&](Client& client, int number) {
    const std::string own = "own" + std::to_string(number);
    for (int i = 1; i <= kEach; ++i) {
      // One item that all connections write, one of this connection alone, and one whose reply waits for other writes.
      client.send(request("UpdateItem", raise("shared")));
      if (client.receive().status != 200) ++wrong;
      client.send(request("UpdateItem", raise(own, R"(,"ReturnValues":"UPDATED_NEW")")));
      const std::string expected = R"({"Attributes":{"c":{"N":")" + std::to_string(i) + R"("}}})";
      if (client.receive().body != expected) ++wrong;
      client.send(request("UpdateItem", raise(own + "m", R"(,"ReturnItemCollectionMetrics":"SIZE")")));
      if (client.receive().body.find("ItemCollectionMetrics") == std::string::npos) ++wrong;
      client.send(request("UpdateItem", raise(own, R"(,"ConditionExpression":"c < :one")")));
      if (client.receive().body.find("ConditionalCheckFailedException") == std::string::npos) ++wrong;
      client.send(request("DeleteItem", R"({"TableName":"none","Key":{"pk":{"S":"x"},"sk":{"S":"s"}}})"));
      if (client.receive().status != 400) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(value_of("shared"), kConnections * kEach);
  for (int i = 0; i < kConnections; ++i) {
    EXPECT_EQ(value_of("own" + std::to_string(i)), kEach);
    EXPECT_EQ(value_of("own" + std::to_string(i) + "m"), kEach);
  }
}

TEST_F(SyncedServer, PipelinedWritesAreDoneInTheirOrder) {
  on_each_connection([&](Client& client, int number) {
    const std::string pk = "p" + std::to_string(number);
    std::string all;
    for (int i = 0; i < 20; ++i) all += request("UpdateItem", raise(pk, R"(,"ReturnValues":"UPDATED_NEW")"));
    client.send(all);
    for (int i = 1; i <= 20; ++i) {
      EXPECT_EQ(client.receive().body, R"({"Attributes":{"c":{"N":")" + std::to_string(i) + R"("}}})");
    }
  });
}

TEST_F(SyncedServer, ManyWritesShareAWaitForTheDisk) {
  std::atomic<int> syncs = 0;
  files_->set_rule([&](FaultyFileSystem::Operation operation, const std::string&) {
    if (operation == FaultyFileSystem::Operation::kSync) {
      ++syncs;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return rocksdb::IOStatus::OK();
  });
  constexpr std::size_t kThird = kConnections * 20 / 3;
  // With two groups of eight writes it would be an eighth. On a busy machine a thread may miss its group.
  const std::size_t least = testing::least_of_ten(kThird, [&] {
    syncs = 0;
    on_each_connection([&](Client& client, int number) {
      for (int i = 0; i < 20; ++i) {
        client.send(request("UpdateItem", raise("p" + std::to_string(number))));
        EXPECT_EQ(client.receive().status, 200);
      }
    });
    return syncs.load();
  });
  files_->set_rule({});
  EXPECT_LE(least, kThird);
}

TEST_F(SyncedServer, AWriteThatTheDiskRefusesIsNotAcknowledged) {
  files_->set_rule([](FaultyFileSystem::Operation operation, const std::string& path) {
    return operation == FaultyFileSystem::Operation::kSync ? rocksdb::IOStatus::IOError(path, "no")
                                                           : rocksdb::IOStatus::OK();
  });
  std::atomic<int> refused = 0;
  on_each_connection([&](Client& client, int number) {
    client.send(request("UpdateItem", raise("p" + std::to_string(number))) +
                request("GetItem", R"({"TableName":"none","Key":{}})"));
    const Reply reply = client.receive();
    if (reply.status == 500 && reply.body.find("InternalServerError") != std::string::npos) ++refused;
    EXPECT_EQ(client.receive().status, 400) << "the connection goes on";
  });
  EXPECT_EQ(refused, kConnections);
  for (int i = 0; i < kConnections; ++i) EXPECT_EQ(value_of("p" + std::to_string(i)), 0) << i;
}

}  // namespace
}  // namespace stator::server
