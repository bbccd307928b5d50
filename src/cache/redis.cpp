#include "cache/redis.h"

#include <hiredis/hiredis.h>
#include <poll.h>

#include <charconv>

namespace stator::cache {
namespace {

timeval to_timeval(std::chrono::milliseconds time) {
  return {.tv_sec = time.count() / 1000, .tv_usec = time.count() % 1000 * 1000};
}

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using OwnedReply = std::unique_ptr<redisReply, FreeReply>;

RedisReply convert(const redisReply& reply) {
  RedisReply out;
  switch (reply.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      out.text = std::string(reply.str, reply.len);
      break;
    case REDIS_REPLY_INTEGER:
      out.number = reply.integer;
      break;
    case REDIS_REPLY_ARRAY:
      for (std::size_t i = 0; i < reply.elements; ++i) out.elements.push_back(convert(*reply.element[i]));
      break;
    default:
      break;
  }
  return out;
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

struct Words {
  explicit Words(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
  }
  [[nodiscard]] int count() const { return static_cast<int>(texts.size()); }
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
};

}  // namespace

RedisAddress parse_redis_url(std::string_view url) {
  constexpr std::string_view kScheme = "redis://";
  if (url.starts_with("rediss://"))
    throw std::invalid_argument("TLS to Redis is not spoken here: redis://, not rediss://");
  if (!url.starts_with(kScheme)) throw std::invalid_argument("it does not begin with redis://");
  url.remove_prefix(kScheme.size());
  RedisAddress address;
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    const std::string_view account = url.substr(0, at);
    const std::size_t colon = account.find(':');
    if (colon == std::string_view::npos) throw std::invalid_argument("before the @ it has no USER:PASSWORD");
    address.user = account.substr(0, colon);
    address.password = account.substr(colon + 1);
    url.remove_prefix(at + 1);
  }
  if (const std::size_t slash = url.find('/'); slash != std::string_view::npos) {
    const std::string_view database = url.substr(slash + 1);
    if (!database.empty() && !parse_number(database, address.database)) {
      throw std::invalid_argument("\"" + std::string(database) + "\" is no database's number");
    }
    url = url.substr(0, slash);
  }
  if (const std::size_t colon = url.rfind(':'); colon != std::string_view::npos && !url.ends_with(']')) {
    if (!parse_number(url.substr(colon + 1), address.port) || address.port == 0) {
      throw std::invalid_argument("\"" + std::string(url.substr(colon + 1)) + "\" is no port");
    }
    url = url.substr(0, colon);
  }
  if (url.starts_with('[') && url.ends_with(']')) url = url.substr(1, url.size() - 2);
  if (url.empty()) throw std::invalid_argument("it names no host");
  address.host = url;
  return address;
}

struct RedisConnection::Context {
  explicit Context(redisContext* opened) : context(opened) {}
  ~Context() {
    if (context != nullptr) redisFree(context);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  redisContext* context;
};

RedisConnection::RedisConnection(const RedisAddress& address, std::chrono::milliseconds timeout)
    : context_(
          std::make_unique<Context>(redisConnectWithTimeout(address.host.c_str(), address.port, to_timeval(timeout)))) {
  redisContext* const context = context_->context;
  if (context == nullptr) throw RedisError("no memory for a connection to Redis");
  if (context->err != 0) fail("connect");
  redisSetTimeout(context, to_timeval(timeout));
  if (!address.password.empty()) {
    std::vector<std::string> words = {"AUTH"};
    if (!address.user.empty()) words.push_back(address.user);
    words.push_back(address.password);
    command(words);
  }
  if (address.database != 0) command({"SELECT", std::to_string(address.database)});
}

RedisConnection::~RedisConnection() = default;

void RedisConnection::fail(const std::string& what) const {
  throw RedisError(what + ": " + (context_->context->err != 0 ? context_->context->errstr : "no answer"));
}

RedisReply RedisConnection::command(const std::vector<std::string>& words) {
  Words given(words);
  const OwnedReply reply(static_cast<redisReply*>(
      redisCommandArgv(context_->context, given.count(), given.texts.data(), given.sizes.data())));
  if (reply == nullptr) fail(words.front());
  if (reply->type == REDIS_REPLY_ERROR) throw RedisError(words.front() + ": " + std::string(reply->str, reply->len));
  return convert(*reply);
}

void RedisConnection::send(const std::vector<std::string>& words) {
  Words given(words);
  if (redisAppendCommandArgv(context_->context, given.count(), given.texts.data(), given.sizes.data()) != REDIS_OK) {
    fail(words.front());
  }
  int done = 0;
  while (done == 0) {
    if (redisBufferWrite(context_->context, &done) != REDIS_OK) fail(words.front());
  }
}

std::optional<RedisReply> RedisConnection::receive(std::chrono::milliseconds wait) {
  void* read = nullptr;
  if (redisGetReplyFromReader(context_->context, &read) != REDIS_OK) fail("receive");
  if (read == nullptr) {
    pollfd readable{.fd = context_->context->fd, .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, static_cast<int>(wait.count())) <= 0) return std::nullopt;
    if (redisBufferRead(context_->context) != REDIS_OK ||
        redisGetReplyFromReader(context_->context, &read) != REDIS_OK) {
      fail("receive");
    }
  }
  const OwnedReply reply(static_cast<redisReply*>(read));
  if (reply == nullptr) return std::nullopt;
  if (reply->type == REDIS_REPLY_ERROR) throw RedisError(std::string(reply->str, reply->len));
  return convert(*reply);
}

}  // namespace stator::cache
