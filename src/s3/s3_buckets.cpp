#include "s3/s3_buckets.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "aws/clock_skew.h"
#include "aws/config.h"
#include "aws/digest.h"
#include "aws/retry.h"
#include "aws/sigv4.h"
#include "aws/user_agent.h"
#include "aws/xml.h"
#include "core/hexadecimal.h"
#include "core/once.h"
#include "http/client.h"
#include "http/url.h"

namespace stator::s3 {
namespace {

using engine::BucketError;

constexpr std::chrono::milliseconds kFirstPause{200};
constexpr std::string_view kServicePrefix = "S3";  // of error codes of exports and imports

/// The contents of all elements with that name.
std::vector<std::string_view> elements(std::string_view xml, std::string_view name) {
  const std::string begin = "<" + std::string(name) + ">";
  const std::string end = "</" + std::string(name) + ">";
  std::vector<std::string_view> found;
  for (std::size_t at = xml.find(begin); at != std::string_view::npos; at = xml.find(begin, at)) {
    at += begin.size();
    const std::size_t close = xml.find(end, at);
    if (close == std::string_view::npos) break;
    found.push_back(xml.substr(at, close - at));
    at = close + end.size();
  }
  return found;
}

/// The fields of a request that creates an object, in one piece or in parts.
http::Fields encryption_fields(const engine::ObjectEncryption& encryption) {
  http::Fields fields;
  if (encryption.algorithm.empty()) return fields;
  const bool with_key = encryption.algorithm == "KMS";
  fields.emplace_back("X-Amz-Server-Side-Encryption", with_key ? "aws:kms" : encryption.algorithm);
  if (with_key && !encryption.kms_key.empty()) {
    fields.emplace_back("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", encryption.kms_key);
  }
  return fields;
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

class S3Buckets::Service {
 public:
  explicit Service(Options options)
      : options_(std::move(options)), clock_(*options_.clock, options_.url, options_.log) {
    http::parse_url(options_.url);
    while (options_.url.ends_with('/')) options_.url.pop_back();
  }

  /// A bucket, and the account that must own it; empty: any.
  struct Place {
    std::string bucket;
    std::string owner;
  };
  struct Call {
    std::string method = "GET";
    Place place = {};
    std::string_view key = {};
    /// As on the request line, sorted by name.
    std::string query = {};
    http::Fields fields = {};
    std::string_view body = {};
    /// Statuses that are returned instead of thrown, besides 2xx.
    int also = 0;
  };
  http::Reply send(const Call& call) {
    auto pause = kFirstPause;
    bool renewed = false;
    bool corrected = false;
    for (int attempt = 1;; ++attempt, pause *= 2) {
      std::optional<BucketError> failure;
      bool again = false;
      try {
        const std::shared_ptr<const aws::Credentials> signer = options_.credentials->get();
        const std::int64_t signed_at_ms = clock_.now_ms();
        http::Reply reply = send_once(call, *signer, signed_at_ms);
        if (reply.status / 100 == 2 || reply.status == call.also) return reply;
        failure = error_of(call, reply);
        const std::string_view type = std::string_view(failure->code).substr(kServicePrefix.size());
        again = aws::is_worth_retrying(reply.status, type);
        const bool has_expired = aws::says_expired(type) && options_.credentials->expire(*signer);
        if (has_expired && !std::exchange(renewed, true)) continue;
        if (clock_.correct(type, reply, signed_at_ms) && !std::exchange(corrected, true)) continue;
      } catch (const http::TransportError& error) {
        again = error.kind != http::TransportError::Kind::kFatal;
        failure.emplace("S3ServiceUnavailable", error.what());
      } catch (const aws::ConfigurationError& error) {
        throw BucketError("S3AccessDenied", error.what());
      }
      if (!again || attempt >= options_.max_attempts) throw *failure;
      std::this_thread::sleep_for(pause);
    }
  }

  [[nodiscard]] std::size_t part_bytes() const { return options_.part_bytes; }
  [[nodiscard]] Place place(const std::string& bucket, const std::string& owner) const {
    return {bucket, owner == options_.unknown_account ? std::string() : owner};
  }

 private:
  http::Reply send_once(const Call& call, const aws::Credentials& signer, std::int64_t now_ms) {
    http::Request request;
    request.method = call.method;
    request.url = options_.url + "/" + http::percent_encode(call.place.bucket);
    if (!call.key.empty()) request.url += "/" + http::percent_encode(call.key, "/");
    if (!call.query.empty()) request.url += "?" + call.query;
    request.body = call.body;
    request.authorities = options_.authorities;
    request.max_reply_bytes = options_.part_bytes + (std::size_t{16} << 20);
    request.fields = call.fields;
    if (!call.place.owner.empty()) request.fields.emplace_back("X-Amz-Expected-Bucket-Owner", call.place.owner);
    request.fields.emplace_back("User-Agent", aws::user_agent());
    request.fields.emplace_back("X-Amz-Content-Sha256", core::hexadecimal(aws::sha256(call.body)));
    aws::sign(request, {options_.region, "s3"}, signer, now_ms);
    return client().send(request);
  }

  /// Created at the first request: loading libcurl takes time.
  http::Client& client() {
    client_made_.call([this] { client_ = std::make_unique<http::Client>(); });
    return *client_;
  }

  BucketError error_of(const Call& call, const http::Reply& reply) const {
    std::string code = aws::xml_text(reply.body, "Code").value_or("");
    // A reply to HEAD has no body.
    if (code.empty() && reply.status == 404) code = call.key.empty() ? "NoSuchBucket" : "NoSuchKey";
    if (code.empty() && reply.status == 403) code = "AccessDenied";
    if (code.empty()) code = "Status" + std::to_string(reply.status);
    std::string message = aws::xml_text(reply.body, "Message").value_or("");
    if (message.empty() && code == "NoSuchBucket") message = "The specified bucket does not exist";
    if (message.empty()) message = "the service answered with status " + std::to_string(reply.status);
    return {std::string(kServicePrefix) + code, message + " (" + call.method + " " + options_.url + "/" +
                                                    call.place.bucket +
                                                    (call.key.empty() ? "" : "/" + std::string(call.key)) + ")"};
  }

  Options options_;
  aws::ServiceClock clock_;
  core::Once client_made_;
  std::unique_ptr<http::Client> client_;
};

/// Writes an object; holds one part in memory at a time. A small object is put with one request, a larger one in parts.
class S3Buckets::ObjectWriter final : public engine::BucketWriter {
 public:
  ObjectWriter(std::shared_ptr<Service> service, Service::Place place, std::string key, http::Fields encryption)
      : service_(std::move(service)),
        place_(std::move(place)),
        key_(std::move(key)),
        encryption_(std::move(encryption)) {}

  ~ObjectWriter() override {
    if (upload_id_.empty()) return;
    try {
      service_->send({.method = "DELETE", .place = place_, .key = key_, .query = upload_query(), .also = 404});
    } catch (const std::exception&) {
      // The service removes the remaining parts by its own rules.
    }
  }

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      if (part_.size() == service_->part_bytes()) send_part();
      const std::size_t count = std::min(bytes.size(), service_->part_bytes() - part_.size());
      part_.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
    }
  }

  void finish() override {
    if (upload_id_.empty()) {
      service_->send({.method = "PUT", .place = place_, .key = key_, .fields = encryption_, .body = part_});
      return;
    }
    if (!part_.empty()) send_part();
    std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    for (std::size_t i = 0; i < etags_.size(); ++i) {
      body += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + xml_escaped(etags_[i]) +
              "</ETag></Part>";
    }
    body += "</CompleteMultipartUpload>";
    const http::Reply reply = service_->send({.method = "POST",
                                              .place = place_,
                                              .key = key_,
                                              .query = upload_query(),
                                              .fields = {{"Content-Type", "application/xml"}},
                                              .body = body});
    // Even with status 200 the request may have failed.
    if (const auto code = aws::xml_text(reply.body, "Code")) {
      throw BucketError("S3" + *code, aws::xml_text(reply.body, "Message").value_or("the upload was not completed"));
    }
    upload_id_.clear();
  }

 private:
  [[nodiscard]] std::string upload_query() const { return "uploadId=" + http::percent_encode(upload_id_); }

  void send_part() {
    if (upload_id_.empty()) {
      const http::Reply begun =
          service_->send({.method = "POST", .place = place_, .key = key_, .query = "uploads=", .fields = encryption_});
      upload_id_ = aws::xml_text(begun.body, "UploadId").value_or("");
      if (upload_id_.empty()) throw BucketError("S3InvalidResponse", "an upload in parts was begun without an id");
    }
    const std::string number = std::to_string(etags_.size() + 1);
    const http::Reply sent = service_->send({.method = "PUT",
                                             .place = place_,
                                             .key = key_,
                                             .query = "partNumber=" + number + "&" + upload_query(),
                                             .body = part_});
    const std::string* etag = sent.field("etag");
    if (etag == nullptr) throw BucketError("S3InvalidResponse", "a part was taken without an ETag");
    etags_.push_back(*etag);
    part_.clear();
  }

  const std::shared_ptr<Service> service_;
  const Service::Place place_;
  const std::string key_;
  const http::Fields encryption_;
  std::string part_;
  std::string upload_id_;
  std::vector<std::string> etags_;
};

/// Reads an object, one part at a time. All parts are of the same version as the first.
class S3Buckets::ObjectReader final : public engine::BucketReader {
 public:
  ObjectReader(std::shared_ptr<Service> service, Service::Place place, std::string key)
      : service_(std::move(service)), place_(std::move(place)), key_(std::move(key)) {
    fetch();
  }

  std::size_t read(char* buffer, std::size_t capacity) override {
    if (at_ == part_.size() && !ended_) fetch();
    const std::size_t count = std::min(capacity, part_.size() - at_);
    std::copy_n(part_.data() + at_, count, buffer);
    at_ += count;
    return count;
  }

 private:
  void fetch() {
    constexpr int kRangeNotSatisfiable = 416;
    http::Fields fields = {
        {"Range", "bytes=" + std::to_string(next_) + "-" + std::to_string(next_ + service_->part_bytes() - 1)}};
    if (!etag_.empty()) fields.emplace_back("If-Match", etag_);
    http::Reply reply =
        service_->send({.place = place_, .key = key_, .fields = std::move(fields), .also = kRangeNotSatisfiable});
    at_ = 0;
    part_.clear();
    // The object is empty, or ended with the previous part.
    ended_ = reply.status == kRangeNotSatisfiable;
    if (ended_) return;
    part_ = std::move(reply.body);
    next_ += part_.size();
    // A service without range requests sends the whole object.
    constexpr int kPartialContent = 206;
    ended_ = part_.size() < service_->part_bytes() || reply.status != kPartialContent;
    if (const std::string* etag = reply.field("etag")) etag_ = *etag;
  }

  const std::shared_ptr<Service> service_;
  const Service::Place place_;
  const std::string key_;
  std::string etag_;
  std::string part_;
  std::size_t at_ = 0;
  std::uint64_t next_ = 0;
  bool ended_ = false;
};

class S3Buckets::ServiceBucket final : public engine::Bucket {
 public:
  ServiceBucket(std::shared_ptr<Service> service, Service::Place place)
      : service_(std::move(service)), place_(std::move(place)) {}

  void set_encryption(const engine::ObjectEncryption& encryption) override {
    encryption_ = encryption_fields(encryption);
  }

  void put(std::string_view key, std::string_view content) override {
    service_->send({.method = "PUT", .place = place_, .key = key, .fields = encryption_, .body = content});
  }

  std::unique_ptr<engine::BucketWriter> create(std::string_view key) override {
    return std::make_unique<ObjectWriter>(service_, place_, std::string(key), encryption_);
  }

  std::unique_ptr<engine::BucketReader> open(std::string_view key) override {
    return std::make_unique<ObjectReader>(service_, place_, std::string(key));
  }

  void remove(std::string_view key) override {
    service_->send({.method = "DELETE", .place = place_, .key = key, .also = 404});
  }

  std::vector<engine::BucketObject> list(std::string_view prefix) override {
    std::vector<engine::BucketObject> objects;
    std::string token;
    for (;;) {
      const std::string query = (token.empty() ? "" : "continuation-token=" + http::percent_encode(token) + "&") +
                                "list-type=2&prefix=" + http::percent_encode(prefix);
      const http::Reply page = service_->send({.place = place_, .query = query});
      for (const std::string_view object : elements(page.body, "Contents")) {
        const auto key = aws::xml_text(object, "Key");
        const auto size = aws::xml_text(object, "Size");
        if (!key || !size) throw BucketError("S3InvalidResponse", "a listed object has no key or size");
        objects.push_back({*key, std::strtoull(size->c_str(), nullptr, 10)});
      }
      token = aws::xml_text(page.body, "NextContinuationToken").value_or("");
      if (token.empty()) break;
    }
    std::ranges::sort(objects, {}, &engine::BucketObject::key);
    return objects;
  }

 private:
  const std::shared_ptr<Service> service_;
  const Service::Place place_;
  http::Fields encryption_;
};

S3Buckets::S3Buckets(Options options) : service_(std::make_shared<Service>(std::move(options))) {}
S3Buckets::~S3Buckets() = default;

std::unique_ptr<engine::Bucket> S3Buckets::bucket(const std::string& name, const std::string& owner) const {
  const Service::Place place = service_->place(name, owner);
  service_->send({.method = "GET", .place = place, .query = "list-type=2&max-keys=0"});
  return std::make_unique<ServiceBucket>(service_, place);
}

}  // namespace stator::s3
