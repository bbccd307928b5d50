#include "kinesis/delivery.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "aws/clock_skew.h"
#include "aws/retry.h"
#include "aws/sigv4.h"
#include "aws/user_agent.h"
#include "core/api_error.h"
#include "core/base64.h"
#include "core/clock.h"
#include "engine/log/deliveries.h"
#include "http/client.h"
#include "json/object_writer.h"
#include "json/reader.h"
#include "kinesis/record.h"

namespace stator::kinesis {
namespace {

using engine::Deliveries;
using std::chrono::milliseconds;
using Time = std::chrono::steady_clock::time_point;

// Limits of PutRecords; source: Kinesis API Reference.
constexpr std::size_t kMaxRecords = 500;
constexpr std::size_t kMaxBytes = std::size_t{4} << 20;  // of 5 MB, in which keys count, too

constexpr milliseconds kIdle{50};      // while there are destinations
constexpr milliseconds kWithout{500};  // while there are none
constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{30'000};

struct StreamName {
  std::string region;
  std::string name;
};

/// Parses arn:aws:kinesis:REGION:ACCOUNT:stream/NAME, which enabled destinations have.
StreamName parse_stream(std::string_view arn) {
  StreamName stream;
  const auto next = [&arn] {
    const std::string_view part = arn.substr(0, arn.find(':'));
    arn.remove_prefix(std::min(arn.size(), part.size() + 1));
    return part;
  };
  for (int i = 0; i < 3; ++i) next();
  stream.region = next();
  next();
  stream.name = arn.substr(std::min(arn.size(), arn.find('/') + 1));
  return stream;
}

std::string text_member(const json::Object& object, std::string_view name) {
  json::Value value;
  std::string_view text;
  if (!json::find_member(object, name, value) || value.get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

/// The name in "com.amazonaws.kinesis.v20131202#ResourceNotFoundException"; a bare name is returned as it is.
std::string bare_type(const std::string& type) {
  const std::size_t hash = type.rfind('#');
  return hash == std::string::npos ? type : type.substr(hash + 1);
}

/// The endpoint refused a request.
struct Refusal : std::runtime_error {
  Refusal(int http_status, std::string error_type, const std::string& text)
      : std::runtime_error(text), status(http_status), type(std::move(error_type)) {}
  int status;
  std::string type;
  [[nodiscard]] bool blames_request() const {
    return type == "ValidationException" || type == "InvalidArgumentException" || type == "SerializationException" ||
           status == 413;
  }
};

/// The request was refused for the time of its signature; the next one is signed with the endpoint's time.
struct SignedTooEarlyOrLate : Refusal {
  using Refusal::Refusal;
};

/// What is remembered of a destination between rounds.
struct Progress {
  int failures = 0;
  Time next{};
  bool one_by_one = false;  // as the endpoint refused several together
};

}  // namespace

class Delivery::Sender {
 public:
  Sender(engine::Engine& engine, Options options)
      : engine_(engine), options_(std::move(options)), clock_(core::Clock::system(), options_.url, options_.log) {
    while (options_.url.ends_with('/')) options_.url.pop_back();
    thread_ = std::thread([this] { run(); });
  }
  ~Sender() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    stopped_.notify_all();
    thread_.join();
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

 private:
  void run() {
    while (true) {
      milliseconds pause = kWithout;
      try {
        pause = round();
      } catch (const std::exception& error) {
        log("Kinesis delivery: " + std::string(error.what()));
      }
      std::unique_lock<std::mutex> lock(mutex_);
      if (stopped_.wait_for(lock, pause, [this] { return stopping_; })) return;
    }
  }

  /// Does a step for each destination. Returns the pause before the next round.
  milliseconds round() {
    std::vector<Deliveries::Destination> destinations;
    {
      const engine::GatePass pass(engine_.gate());
      destinations = engine_.deliveries().list();
    }
    std::erase_if(progress_, [&](const auto& entry) {
      return std::ranges::find(destinations, entry.first, &Deliveries::Destination::space) == destinations.end();
    });
    if (destinations.empty()) return kWithout;
    bool sent = false;
    for (const Deliveries::Destination& destination : destinations) {
      Progress& progress = progress_[destination.space];
      if (std::chrono::steady_clock::now() < progress.next || is_stopping()) continue;
      try {
        sent = serve(destination, progress) || sent;
        if (progress.failures > 0) log(name_of(destination) + " is delivered to again");
        progress.failures = 0;
      } catch (const std::exception& error) {
        note_failure(destination, progress, error.what());
      }
    }
    return sent ? milliseconds(0) : kIdle;
  }

  /// Looks for the stream, if that was not done, or sends a batch of each shard. Returns true if there may be more to
  /// do.
  bool serve(const Deliveries::Destination& destination, Progress& progress) {
    if (!destination.found) {
      look_for_stream(destination);
      return true;
    }
    bool sent = false;
    for (const std::uint32_t shard : destination.shards) sent = send_batch(destination, shard, progress) || sent;
    return sent;
  }

  void look_for_stream(const Deliveries::Destination& destination) {
    const StreamName stream = parse_stream(destination.stream_arn);
    std::string body;
    json::ObjectWriter writer(body);
    writer.text("StreamName", stream.name);
    writer.integer("Limit", 1);
    writer.end();
    std::string fault;
    try {
      const std::string reply = call(stream.region, "DescribeStream", body);
      json::Parser parser;
      json::Object object;
      json::Value description;
      json::Object members;
      if (parser.parse(reply).get(object) != simdjson::SUCCESS ||
          !json::find_member(object, "StreamDescription", description) ||
          description.get(members) != simdjson::SUCCESS) {
        throw std::runtime_error("DescribeStream answered what is no description");
      }
      const std::string status = text_member(members, "StreamStatus");
      if (status == "CREATING") fault = "User does not have a permission to use kinesis stream";
      if (status == "DELETING") {
        fault = "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in Active state";
      }
    } catch (const Refusal& refusal) {
      if (refusal.type != "ResourceNotFoundException" && refusal.type != "AccessDeniedException") throw;
      fault = "User does not have a permission to use kinesis stream";
    }
    const engine::GatePass pass(engine_.gate());
    engine_.deliveries().note_found(destination, fault);
  }

  /// The oldest changes of the shard, at most one for each item: if part of a request fails, Kinesis does not keep its
  /// order.
  std::vector<Record> next_records(const Deliveries::Destination& destination, const std::string& region,
                                   std::uint32_t shard, std::size_t limit) {
    std::vector<Record> records;
    std::set<std::string, std::less<>> keys;
    std::size_t bytes = 0;
    const engine::GatePass pass(engine_.gate());
    engine_.deliveries().read(destination.space, shard, [&](engine::LogNumber number, const engine::LogRecord& change) {
      if (records.size() >= limit) return false;
      Record record = make_record(destination, region, shard, number, change);
      bytes += record.data.size();
      if (!records.empty() && (bytes > kMaxBytes || keys.contains(record.partition_key))) return false;
      keys.insert(record.partition_key);
      records.push_back(std::move(record));
      return true;
    });
    return records;
  }

  bool send_batch(const Deliveries::Destination& destination, std::uint32_t shard, Progress& progress) {
    const StreamName stream = parse_stream(destination.stream_arn);
    const std::size_t limit = progress.one_by_one ? 1 : kMaxRecords;
    const std::vector<Record> records = next_records(destination, stream.region, shard, limit);
    if (records.empty()) return false;
    std::vector<bool> arrived(records.size());
    std::string failure;
    try {
      failure = put(stream, records, arrived);
      progress.one_by_one = false;
    } catch (const Refusal& refusal) {
      if (!refusal.blames_request()) throw;
      if (records.size() > 1) {
        progress.one_by_one = true;
        return true;
      }
      log(name_of(destination) + ": a change that the stream does not take is left out: " + refusal.what());
      arrived.front() = true;
    }
    // Only changes before the first that failed can be dropped; those that arrived after it are sent again.
    std::vector<engine::LogNumber> numbers;
    for (std::size_t i = 0; i < records.size() && arrived[i]; ++i) numbers.push_back(records[i].number);
    {
      const engine::GatePass pass(engine_.gate());
      engine_.deliveries().arrived(destination.space, shard, numbers);
    }
    if (!failure.empty()) throw std::runtime_error(failure);
    return true;
  }

  /// Sends the records that have not arrived, up to a few times. Returns the last failure; empty if all have arrived.
  std::string put(const StreamName& stream, const std::vector<Record>& records, std::vector<bool>& arrived) {
    constexpr int kAttempts = 4;
    std::string failure;
    milliseconds pause = kFirstPause;
    for (int attempt = 0; attempt < kAttempts; ++attempt, pause *= 2) {
      if (attempt > 0 && !wait(pause)) return failure;
      failure = put_once(stream, records, arrived);
      if (failure.empty()) return {};
    }
    return failure;
  }

  std::string put_once(const StreamName& stream, const std::vector<Record>& records, std::vector<bool>& arrived) {
    std::vector<std::size_t> sent;
    std::string body;
    json::ObjectWriter writer(body);
    json::ArrayWriter list(writer.key("Records"));
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (arrived[i]) continue;
      sent.push_back(i);
      json::ObjectWriter entry(list.element());
      entry.text("Data", core::base64_encode(records[i].data));
      entry.text("PartitionKey", records[i].partition_key);
      entry.end();
    }
    list.end();
    writer.text("StreamName", stream.name);
    writer.end();
    const std::string reply = call(stream.region, "PutRecords", body);
    json::Parser parser;
    json::Object object;
    json::Value member;
    json::Array results;
    if (parser.parse(reply).get(object) != simdjson::SUCCESS || !json::find_member(object, "Records", member) ||
        member.get(results) != simdjson::SUCCESS || results.size() != sent.size()) {
      throw std::runtime_error("PutRecords did not answer a list of results");
    }
    std::string failure;
    std::size_t at = 0;
    for (const json::Value element : results) {
      json::Object result;
      if (element.get(result) != simdjson::SUCCESS) throw std::runtime_error("PutRecords answered no object");
      const std::string code = text_member(result, "ErrorCode");
      if (code.empty()) {
        arrived[sent[at]] = true;
      } else if (failure.empty()) {
        failure = code + ": " + text_member(result, "ErrorMessage");
      }
      ++at;
    }
    return failure;
  }

  /// Returns the reply's body. Throws Refusal, http::TransportError, aws::ConfigurationError.
  std::string call(const std::string& region, const std::string& operation, const std::string& body) {
    try {
      return call_once(region, operation, body);
    } catch (const SignedTooEarlyOrLate&) {
      return call_once(region, operation, body);
    }
  }

  std::string call_once(const std::string& region, const std::string& operation, const std::string& body) {
    http::Request request;
    request.method = "POST";
    request.url = options_.url + "/";
    request.body = body;
    request.authorities = options_.authorities;
    request.timeout_ms = 30'000;
    request.fields = {{"Accept-Encoding", "identity"},
                      {"Content-Type", "application/x-amz-json-1.1"},
                      {"X-Amz-Target", "Kinesis_20131202." + operation},
                      {"User-Agent", aws::user_agent()}};
    const std::shared_ptr<const aws::Credentials> signer = options_.credentials->get();
    const std::int64_t signed_at_ms = clock_.now_ms();
    aws::sign(request, {region, "kinesis"}, *signer, signed_at_ms);
    http::Reply reply = client_.send(request);
    if (reply.status >= 200 && reply.status < 300) return std::move(reply.body);
    std::string type;
    std::string message;
    try {
      json::Parser parser;
      json::Object object;
      if (parser.parse(reply.body).get(object) == simdjson::SUCCESS) {
        type = bare_type(text_member(object, "__type"));
        message = text_member(object, "message");
        if (message.empty()) message = text_member(object, "Message");
      }
    } catch (const core::ApiError&) {
      // The body is not JSON; the status says enough.
    }
    if (aws::says_expired(type)) options_.credentials->expire(*signer);
    const std::string text = operation + " was refused: HTTP " + std::to_string(reply.status) +
                             (type.empty() ? "" : " " + type) + (message.empty() ? "" : ": " + message);
    if (clock_.correct(type, reply, signed_at_ms)) throw SignedTooEarlyOrLate(reply.status, type, text);
    throw Refusal(reply.status, type, text);
  }

  void note_failure(const Deliveries::Destination& destination, Progress& progress, const std::string& what) {
    const int shift = std::min(progress.failures, 9);
    const milliseconds pause = std::min(kFirstPause * (1 << shift), kLongestPause);
    // Log the first of several failures in a row, and then about one each minute.
    if (progress.failures == 0 || pause == kLongestPause) log(name_of(destination) + ": " + what);
    ++progress.failures;
    progress.next = std::chrono::steady_clock::now() + pause;
  }

  static std::string name_of(const Deliveries::Destination& destination) {
    return "table " + destination.table_name + ", " + destination.stream_arn;
  }
  void log(const std::string& line) const {
    if (options_.log) options_.log(core::LogLevel::kWarning, line);
  }
  bool is_stopping() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return stopping_;
  }
  /// Waits; returns false if this stops meanwhile.
  bool wait(milliseconds pause) {
    std::unique_lock<std::mutex> lock(mutex_);
    return !stopped_.wait_for(lock, pause, [this] { return stopping_; });
  }

  engine::Engine& engine_;
  Options options_;
  http::Client client_;
  aws::ServiceClock clock_;
  std::map<store::SpaceId, Progress> progress_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;  // uses all other members
};

Delivery::Delivery(engine::Engine& engine, Options options)
    : sender_(std::make_unique<Sender>(engine, std::move(options))) {}
Delivery::~Delivery() = default;

}  // namespace stator::kinesis
