#include "cache/redis.h"

#include <hiredis/hiredis.h>
#include <poll.h>

#include <charconv>

#include "http/client.h"
#include "http/tls_stream.h"

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

/// Replaces %XX escapes.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned number = 0;
    const bool escapes =
        text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, number, 16).ptr == text.data() + i + 3;
    out.push_back(escapes ? static_cast<char>(number) : text[i]);
    if (escapes) i += 2;
  }
  return out;
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
  constexpr std::string_view kTlsScheme = "rediss://";
  RedisAddress address;
  address.tls = url.starts_with(kTlsScheme);
  if (!address.tls && !url.starts_with(kScheme)) {
    throw std::invalid_argument("it begins with neither redis:// nor rediss://");
  }
  url.remove_prefix((address.tls ? kTlsScheme : kScheme).size());
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    const std::string_view account = url.substr(0, at);
    const std::size_t colon = account.find(':');
    if (colon == std::string_view::npos) throw std::invalid_argument("before the @ it has no USER:PASSWORD");
    address.user = decoded(account.substr(0, colon));
    address.password = decoded(account.substr(colon + 1));
    url.remove_prefix(at + 1);
  }
  if (const std::size_t slash = url.find('/'); slash != std::string_view::npos) {
    const std::string_view database = url.substr(slash + 1);
    if (!database.empty() && !parse_number(database, address.database)) {
      throw std::invalid_argument("\"" + std::string(database) + "\" is not a database number");
    }
    url = url.substr(0, slash);
  }
  if (const std::size_t colon = url.rfind(':'); colon != std::string_view::npos && !url.ends_with(']')) {
    if (!parse_number(url.substr(colon + 1), address.port) || address.port == 0) {
      throw std::invalid_argument("\"" + std::string(url.substr(colon + 1)) + "\" is not a port");
    }
    url = url.substr(0, colon);
  }
  if (url.starts_with('[') && url.ends_with(']')) url = url.substr(1, url.size() - 2);
  if (url.empty()) throw std::invalid_argument("it names no host");
  address.host = url;
  return address;
}

/// Transports commands and replies.
struct RedisConnection::Wire {
  Wire() = default;
  virtual ~Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  /// Throws RedisError.
  virtual void send(const Words& words) = 0;
  /// Null if no reply comes within `wait`. Throws RedisError.
  virtual OwnedReply receive(std::chrono::milliseconds wait) = 0;
};

/// hiredis' own connection.
struct RedisConnection::Plain final : Wire {
  Plain(const RedisAddress& address, std::chrono::milliseconds timeout)
      : context(redisConnectWithTimeout(address.host.c_str(), address.port, to_timeval(timeout))) {
    if (context == nullptr) throw RedisError("no memory for a connection to Redis");
    if (context->err != 0) {
      const std::string why = context->errstr;
      redisFree(context);
      throw RedisError("connect: " + why);
    }
    redisSetTimeout(context, to_timeval(timeout));
  }
  ~Plain() override { redisFree(context); }

  void send(const Words& words) override {
    check(redisAppendCommandArgv(context, words.count(), const_cast<const char**>(words.texts.data()),
                                 words.sizes.data()));
    int done = 0;
    while (done == 0) check(redisBufferWrite(context, &done));
  }
  OwnedReply receive(std::chrono::milliseconds wait) override {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    while (true) {
      void* reply = nullptr;
      check(redisGetReplyFromReader(context, &reply));
      if (reply != nullptr) return OwnedReply(static_cast<redisReply*>(reply));
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd readable{.fd = context->fd, .events = POLLIN, .revents = 0};
      if (left.count() < 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0) return nullptr;
      check(redisBufferRead(context));
    }
  }
  void check(int status) const {
    if (status != REDIS_OK) throw RedisError(context->errstr);
  }

  redisContext* const context;
};

/// The same protocol over TLS. Debian's hiredis (0.14) has no TLS, so only its formatter and parser are used.
struct RedisConnection::Encrypted final : Wire {
  Encrypted(const RedisAddress& address, std::chrono::milliseconds timeout_of_all) try
      : stream(address.host, address.port, address.authorities, timeout_of_all), timeout(timeout_of_all) {
    if (reader == nullptr) throw RedisError("no memory for a connection to Redis");
  } catch (const http::TransportError& error) {
    throw RedisError(std::string("connect: ") + error.what());
  }

  void send(const Words& words) override {
    char* formatted = nullptr;
    const int size = redisFormatCommandArgv(&formatted, words.count(), const_cast<const char**>(words.texts.data()),
                                            words.sizes.data());
    if (size < 0) throw RedisError("no memory for a command");
    const std::unique_ptr<char, decltype(&redisFreeCommand)> owner(formatted, &redisFreeCommand);
    try {
      stream.send({formatted, static_cast<std::size_t>(size)}, timeout);
    } catch (const http::TransportError& error) {
      throw RedisError(error.what());
    }
  }
  OwnedReply receive(std::chrono::milliseconds wait) override {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    while (true) {
      void* reply = nullptr;
      check(redisReaderGetReply(reader.get(), &reply));
      if (reply != nullptr) return OwnedReply(static_cast<redisReply*>(reply));
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      std::string bytes;
      try {
        bytes = stream.receive(std::max(left, std::chrono::milliseconds(0)));
      } catch (const http::TransportError& error) {
        throw RedisError(error.what());
      }
      if (bytes.empty()) return nullptr;
      check(redisReaderFeed(reader.get(), bytes.data(), bytes.size()));
    }
  }
  void check(int status) const {
    if (status != REDIS_OK) throw RedisError(reader->errstr);
  }

  http::TlsStream stream;
  const std::chrono::milliseconds timeout;
  const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader{redisReaderCreate(), &redisReaderFree};
};

std::unique_ptr<RedisConnection::Wire> RedisConnection::connect(const RedisAddress& address,
                                                                std::chrono::milliseconds timeout) {
  if (address.tls) return std::make_unique<Encrypted>(address, timeout);
  return std::make_unique<Plain>(address, timeout);
}

RedisConnection::RedisConnection(const RedisAddress& address, std::chrono::milliseconds timeout)
    : wire_(connect(address, timeout)), timeout_(timeout) {
  if (!address.password.empty()) {
    std::vector<std::string> words = {"AUTH"};
    if (!address.user.empty()) words.push_back(address.user);
    words.push_back(address.password);
    command(words);
  }
  if (address.database != 0) command({"SELECT", std::to_string(address.database)});
}

RedisConnection::~RedisConnection() = default;

RedisReply RedisConnection::command(const std::vector<std::string>& words) {
  return std::move(commands({words}).front());
}

std::vector<RedisReply> RedisConnection::commands(const std::vector<std::vector<std::string>>& all) {
  std::vector<RedisReply> replies;
  replies.reserve(all.size());
  try {
    for (const auto& words : all) send(words);
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::optional<RedisReply> reply = receive(timeout_);
      if (!reply) throw RedisError("no answer");
      replies.push_back(std::move(*reply));
    }
    return replies;
  } catch (const RedisError& error) {
    throw RedisError(all.front().front() + ": " + error.what());
  }
}

void RedisConnection::send(const std::vector<std::string>& words) { wire_->send(Words(words)); }

std::optional<RedisReply> RedisConnection::receive(std::chrono::milliseconds wait) {
  const OwnedReply reply = wire_->receive(wait);
  if (reply == nullptr) return std::nullopt;
  if (reply->type == REDIS_REPLY_ERROR) throw RedisError(std::string(reply->str, reply->len));
  return convert(*reply);
}

}  // namespace stator::cache
