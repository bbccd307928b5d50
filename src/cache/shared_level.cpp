#include "cache/shared_level.h"

#include <algorithm>
#include <utility>

#include "aws/digest.h"
#include "core/hexadecimal.h"
#include "core/random.h"

namespace stator::cache {
namespace {

using std::chrono::milliseconds;

// A token is KIND:UNTIL:UNIQUE. 's': settled, except for eventually consistent reads until UNTIL (ms since 1970, by the
// Redis server's clock); 'd': in doubt until UNTIL; 'w': a write is running, and an earlier one, which may still take
// effect after it, is in doubt until UNTIL.

// A server that is full and may evict nothing refuses SET, but not DEL and PUBLISH: then nothing new is stored, but
// nodes still hear of writes.

/// For the scripts of writes. Sets a token. If the server is full, deletes the token instead, which also invalidates
/// the value stored with it. A token that records a doubt must not be lost this way: then the script returns the
/// server's refusal.
constexpr const char* kPut = R"(
local function put(key, token, lifetime, doubted)
  local reply = redis.pcall('SET', key, token, 'PX', lifetime)
  if not reply.err then return nil end
  if doubted or not string.find(reply.err, 'OOM') then return reply end
  redis.call('DEL', key)
end
)";

/// KEYS value, own token, table token. ARGV fresh token, lifetime of tokens, consistent read (1 or 0).
/// Returns own token, table token, whether a value read now may be stored (1 or 0; -1: the server is full), the stored
/// value or nil, and its remaining lifetime.
constexpr const char* kLookUp = R"(
local now = redis.call('TIME'); now = now[1] * 1000 + math.floor(now[2] / 1000)
local tokens, keeps = {}, 1
for i = 2, 3 do
  local token = redis.call('GET', KEYS[i])
  if not token then
    token = 's:0:' .. ARGV[1]
    local reply = redis.pcall('SET', KEYS[i], token, 'PX', ARGV[2])
    if reply.err and not string.find(reply.err, 'OOM') then return reply end
    if reply.err then keeps = -1 end
  end
  local kind, till = string.match(token, '^(%a):(%d+):')
  if kind == 'w' or (kind == 'd' and now < tonumber(till)) then keeps = 0 end
  if kind == 's' and ARGV[3] == '0' and now < tonumber(till) then keeps = 0 end
  tokens[i - 1] = token
end
local head = tokens[1] .. '|' .. tokens[2] .. '|'
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, #head) == head and string.sub(tokens[1], 1, 1) ~= 'w'
    and string.sub(tokens[2], 1, 1) ~= 'w' then
  return {tokens[1], tokens[2], keeps, string.sub(value, #head + 1), redis.call('PTTL', KEYS[1])}
end
return {tokens[1], tokens[2], keeps, false, 0}
)";

/// KEYS value, own token, table token. ARGV own token, table token, value, lifetime of the value, new own token or '',
/// lifetime of tokens. Returns 1 if the value was stored, 0 if a token has changed, -1 if the server is full.
constexpr const char* kKeep = R"(
if redis.call('GET', KEYS[2]) ~= ARGV[1] or redis.call('GET', KEYS[3]) ~= ARGV[2] then return 0 end
local own = ARGV[1]
if ARGV[5] ~= '' then
  local kind, till = string.match(own, '^(%a):(%d+):')
  own = kind .. ':' .. till .. ':' .. ARGV[5]
  local reply = redis.pcall('SET', KEYS[2], own, 'PX', ARGV[6])
  if reply.err then return string.find(reply.err, 'OOM') and -1 or reply end
end
local reply = redis.pcall('SET', KEYS[1], own .. '|' .. ARGV[2] .. '|' .. ARGV[3], 'PX', ARGV[4])
if reply.err then return string.find(reply.err, 'OOM') and -1 or reply end
return 1
)";

/// KEYS tokens: a write of the first ARGV[3] begins, the others are only examined. ARGV fresh token, lifetime, that
/// number. Returns for each token 1 if another write is running or an earlier one is in doubt; else 0.
constexpr const char* kBegin = R"(
local now = redis.call('TIME'); now = now[1] * 1000 + math.floor(now[2] / 1000)
local doubts = {}
for i = 1, #KEYS do
  local kind, till = string.match(redis.call('GET', KEYS[i]) or '', '^(%a):(%d+):')
  if kind ~= 'd' and kind ~= 'w' then till = '0' end
  doubts[i] = (kind == 'w' or tonumber(till) > now) and 1 or 0
  if i <= tonumber(ARGV[3]) then
    local refusal = put(KEYS[i], 'w:' .. till .. ':' .. ARGV[1], ARGV[2], doubts[i] == 1)
    if refusal then return refusal end
  end
end
return doubts
)";

/// KEYS tokens. ARGV fresh token, lifetime, kind, UNTIL relative to the present, channel, messages.
constexpr const char* kEnd = R"(
local now = redis.call('TIME'); now = now[1] * 1000 + math.floor(now[2] / 1000)
for i = 1, #KEYS do
  local kind, till = ARGV[3], now + ARGV[4]
  local before, doubt = string.match(redis.call('GET', KEYS[i]) or '', '^(%a):(%d+):')
  if (before == 'd' or before == 'w') and tonumber(doubt) > now then
    kind, till = 'd', math.max(till, tonumber(doubt))
  end
  local refusal = put(KEYS[i], kind .. ':' .. string.format('%d', till) .. ':' .. ARGV[1], ARGV[2], kind == 'd')
  if refusal then return refusal end
end
for i = 6, #ARGV do redis.call('PUBLISH', ARGV[5], ARGV[i]) end
return 1
)";

/// KEYS two names in the form of tokens and values. ARGV channel. Uses all commands of the other scripts, so that a
/// server that does not allow them (out of memory, a replica, a user without the right, keys on several nodes) reports
/// it.
constexpr const char* kProbe = R"(
redis.call('TIME')
redis.call('GET', KEYS[1])
for i = 1, 2 do redis.call('SET', KEYS[i], '', 'PX', 1000) end
redis.call('PTTL', KEYS[1])
redis.call('PUBLISH', ARGV[1], '')
return 1
)";

constexpr std::int64_t kTokenMs = 24 * 3600 * 1000;
/// How long the tokens of a node stay that died during a write.
constexpr std::int64_t kWritingMs = 60'000;
constexpr milliseconds kPause{200};
constexpr milliseconds kPing{250};
constexpr std::size_t kMostIdle = 256;  // as many as there may be requests running
constexpr std::size_t kMostMissed = 10'000;
constexpr std::size_t kLongestName = 200;
/// In a message, instead of an image's digest: the change may still take effect, or not.
constexpr std::string_view kInDoubt = "?";

/// Names can be as long as canonical requests; long ones are replaced by a digest.
std::string short_name(const std::string& name) {
  return name.size() <= kLongestName ? name : "#" + core::hexadecimal(aws::sha256(name));
}

std::vector<std::string> eval(const std::string& script, const std::vector<std::string>& keys,
                              std::initializer_list<std::string> arguments) {
  std::vector<std::string> words = {"EVAL", script, std::to_string(keys.size())};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace

std::string image_digest(const Value& item) { return item == nullptr ? "-" : core::hexadecimal(aws::sha256(*item)); }

SharedLevel::SharedLevel(Options options)
    : options_(std::move(options)), node_(core::random_uuid()), listener_([this] { listen(); }) {}

SharedLevel::~SharedLevel() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  listener_.join();
}

void SharedLevel::wait_until_up(milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return up_.load() || stopping_; });
}

std::string SharedLevel::fresh_token() { return node_ + "." + std::to_string(tokens_.fetch_add(1)); }

std::string SharedLevel::run() const {
  const std::lock_guard lock(mutex_);
  return run_;
}

std::string SharedLevel::last_fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

std::string SharedLevel::value_name(const std::string& name) const {
  return "stator:" + options_.name + ":" + run() + ":v:" + short_name(name);
}

std::string SharedLevel::token_name(const std::string& name) const {
  return "stator:" + options_.name + ":" + run() + ":t:" + short_name(name);
}

bool SharedLevel::command(const std::vector<std::string>& words) { return !commands({words}).empty(); }

std::vector<RedisReply> SharedLevel::commands(const std::vector<std::vector<std::string>>& all) {
  if (all.empty() || !is_up()) return {};
  std::unique_ptr<RedisConnection> connection;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  try {
    if (connection == nullptr) connection = std::make_unique<RedisConnection>(options_.address, options_.timeout);
    std::vector<RedisReply> replies = connection->commands(all);
    const std::lock_guard lock(mutex_);
    // A connection from before the server's last start is broken, so it is not kept.
    if (idle_.size() < kMostIdle && is_up()) idle_.push_back(std::move(connection));
    return replies;
  } catch (const RedisError& error) {
    failures_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    fault_ = error.what();
    up_.store(false);  // until the listener has connected again
    idle_.clear();
    return {};
  }
}

SharedLevel::Found SharedLevel::read_found(const RedisReply& reply) {
  Found found;
  if (reply.elements.size() != 5) return found;
  const auto& own = reply.elements[0].text;
  const auto& of_table = reply.elements[1].text;
  if (!own || !of_table) return found;
  if (reply.elements[2].number == 1) found.tokens = {*own, *of_table};
  if (reply.elements[2].number < 0) log_full();
  const auto& value = reply.elements[3].text;
  found.found = value.has_value();
  found.lifetime_ms = reply.elements[4].number;
  (found.found ? hits_ : misses_).fetch_add(1, std::memory_order_relaxed);
  // "-": the item does not exist.
  if (found.found && *value != "-") found.value = std::make_shared<const std::string>(*value);
  return found;
}

std::vector<SharedLevel::Found> SharedLevel::look_up(const std::vector<LookUp>& all) {
  std::vector<std::vector<std::string>> scripts;
  scripts.reserve(all.size());
  for (const auto& [place, consistent_read] : all) {
    scripts.push_back(eval(kLookUp, {value_name(place.value), token_name(place.own), token_name(place.table)},
                           {fresh_token(), std::to_string(kTokenMs), consistent_read ? "1" : "0"}));
  }
  std::vector<Found> found;
  found.reserve(all.size());
  for (const RedisReply& reply : commands(scripts)) found.push_back(read_found(reply));
  found.resize(all.size());
  return found;
}

SharedLevel::Found SharedLevel::look_up(const Place& place, bool consistent_read) {
  return std::move(look_up({LookUp{place, consistent_read}}).front());
}

void SharedLevel::keep(const std::vector<Kept>& all) {
  std::vector<std::vector<std::string>> scripts;
  for (const auto& [place, tokens, value, lifetime_ms, renews] : all) {
    if (!tokens.good() || lifetime_ms <= 0) continue;
    scripts.push_back(eval(kKeep, {value_name(place.value), token_name(place.own), token_name(place.table)},
                           {tokens.own, tokens.table, value == nullptr ? "-" : *value, std::to_string(lifetime_ms),
                            renews ? fresh_token() : std::string(), std::to_string(kTokenMs)}));
  }
  for (const RedisReply& reply : commands(scripts)) {
    if (reply.number < 0) log_full();
  }
}

void SharedLevel::log_full() {
  if (full_logged_.exchange(true)) return;
  core::log(options_.log, core::LogLevel::kWarning, "the shared level is full (OOM): it stores nothing new");
}

void SharedLevel::keep(const Place& place, const Tokens& tokens, const Value& value, std::int64_t lifetime_ms,
                       bool renews) {
  keep({Kept{place, tokens, value, lifetime_ms, renews}});
}

std::set<std::string> SharedLevel::begin_write(const std::vector<std::string>& fences,
                                               const std::set<std::string>& tables) {
  std::vector<std::string> names = fences;
  names.insert(names.end(), tables.begin(), tables.end());
  std::vector<std::string> keys;
  for (const std::string& name : names) keys.push_back(token_name(name));
  const std::vector<std::string> script = eval(
      std::string(kPut) + kBegin, keys, {fresh_token(), std::to_string(kWritingMs), std::to_string(fences.size())});
  std::set<std::string> doubted;
  for (const RedisReply& reply : commands({script})) {
    for (std::size_t i = 0; i < std::min(names.size(), reply.elements.size()); ++i) {
      if (reply.elements[i].number == 1) doubted.insert(names[i]);
    }
  }
  return doubted;
}

std::vector<std::string> SharedLevel::end_words(const std::vector<std::string>& fences,
                                                const std::vector<SharedChange>& changes, bool in_doubt) {
  std::vector<std::string> keys;
  for (const std::string& fence : fences) keys.push_back(token_name(fence));
  std::vector<std::string> words =
      eval(std::string(kPut) + kEnd, keys,
           {fresh_token(), std::to_string(kTokenMs), in_doubt ? "d" : "s",
            std::to_string(in_doubt ? options_.doubt_ms : options_.settle_ms), "stator:" + options_.name});
  for (const SharedChange& change : changes) {
    const std::string image = in_doubt ? std::string(kInDoubt) : change.image;
    words.push_back(node_ + '\n' + change.table + '\n' + image + '\n' + change.key);
  }
  return words;
}

void SharedLevel::end_write(const std::vector<std::string>& fences, const std::vector<SharedChange>& changes,
                            bool in_doubt) {
  // If the level came back meanwhile, `send_missed` has already run, so try again.
  while (!command(end_words(fences, changes, in_doubt)) && !remember_missed(fences, changes, in_doubt)) {
  }
}

bool SharedLevel::remember_missed(const std::vector<std::string>& fences, const std::vector<SharedChange>& changes,
                                  bool in_doubt) {
  const std::lock_guard lock(mutex_);
  if (is_up()) return false;
  missed_in_doubt_ = missed_in_doubt_ || in_doubt;
  missed_fences_.insert(fences.begin(), fences.end());
  missed_changes_.insert(missed_changes_.end(), changes.begin(), changes.end());
  if (missed_changes_.size() <= kMostMissed) return true;
  // Too many to send one by one: sends changes of their whole tables instead.
  std::set<std::string> tables;
  for (const SharedChange& change : missed_changes_) tables.insert(change.table);
  missed_fences_.clear();
  missed_changes_.clear();
  for (const std::string& table : tables) {
    missed_fences_.insert(table);
    missed_changes_.push_back({table, {}});
  }
  return true;
}

void SharedLevel::send_missed(RedisConnection& connection) {
  while (true) {
    std::vector<std::string> fences;
    std::vector<SharedChange> changes;
    bool in_doubt = false;
    {
      const std::lock_guard lock(mutex_);
      if (missed_fences_.empty()) return up_.store(true);
      in_doubt = std::exchange(missed_in_doubt_, false);
      fences.assign(missed_fences_.begin(), missed_fences_.end());
      changes.swap(missed_changes_);
      missed_fences_.clear();
    }
    try {
      connection.command(end_words(fences, changes, in_doubt));
    } catch (const RedisError&) {
      remember_missed(fences, changes, in_doubt);
      throw;
    }
  }
}

void SharedLevel::listen() {
  while (true) {
    std::string fault;
    try {
      listen_once();
    } catch (const RedisError& error) {
      fault = error.what();
    }
    up_.store(false);
    std::unique_lock lock(mutex_);
    idle_.clear();
    if (stopping_) return;
    if (!outage_logged_) {
      core::log(options_.log, core::LogLevel::kWarning,
                "the shared level cannot be used (" + fault + "): requests go to the upstream until it can");
    }
    outage_logged_ = true;
    if (changed_.wait_for(lock, kPause, [this] { return stopping_; })) return;
  }
}

void SharedLevel::listen_once() {
  RedisConnection connection(options_.address, options_.timeout);
  const RedisReply info = connection.command({"INFO", "server"});
  const std::string text = info.text.value_or("");
  constexpr std::string_view kRunId = "run_id:";
  const std::size_t at = text.find(kRunId);
  if (at == std::string::npos) throw RedisError("INFO names no run_id");
  const std::string prefix = "stator:" + options_.name + ":probe:";
  connection.command(eval(kProbe, {prefix + node_, prefix + fresh_token()}, {"stator:" + options_.name}));
  connection.send({"SUBSCRIBE", "stator:" + options_.name});
  if (!connection.receive(options_.timeout)) throw RedisError("SUBSCRIBE: no answer");
  {
    const std::lock_guard lock(mutex_);
    run_ = text.substr(at + kRunId.size(), 12);
    if (stopping_) return;
  }
  // From here on every change is received. Entries cached before may be outdated.
  if (options_.on_up) options_.on_up();
  // Before any request uses the level again: its values for the missed changes are outdated.
  RedisConnection teller(options_.address, options_.timeout);
  send_missed(teller);
  outage_logged_ = false;
  full_logged_.store(false);
  changed_.notify_all();
  core::log(options_.log, core::LogLevel::kInfo, "the shared level is there");
  bool pinged = false;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    if (!is_up()) throw RedisError(last_fault());
    const auto message = connection.receive(kPing);
    if (!message) {
      if (pinged) throw RedisError("it does not answer");
      connection.send({"PING"});
      pinged = true;
      continue;
    }
    pinged = false;
    if (message->elements.size() != 3 || message->elements[0].text != "message") continue;
    if (const auto& content = message->elements[2].text; content) take_message(*content);
  }
}

void SharedLevel::take_message(const std::string& message) {
  // Node, table, image (or that the change is in doubt), key; a key contains no line breaks.
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = message.find('\n', begin)) != std::string::npos; begin = end + 1) {
    parts.push_back(message.substr(begin, end - begin));
  }
  parts.push_back(message.substr(begin));
  if (parts.size() != 4 || parts[0] == node_) return;
  changes_received_.fetch_add(1, std::memory_order_relaxed);
  if (!options_.on_change) return;
  const bool in_doubt = parts[2] == kInDoubt;
  options_.on_change(
      {.table = parts[1], .key = parts[3], .image = in_doubt ? std::string() : parts[2], .in_doubt = in_doubt});
}

SharedLevel::Totals SharedLevel::totals() const {
  return {.hits = hits_.load(),
          .misses = misses_.load(),
          .failures = failures_.load(),
          .changes_received = changes_received_.load()};
}

}  // namespace stator::cache
