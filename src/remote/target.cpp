#include "remote/target.h"

#include <charconv>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "aws/config.h"
#include "core/utf8.h"
#include "endpoint/embedded.h"
#include "endpoint/writes.h"
#include "remote/discovery.h"
#include "remote/remote.h"
#include "store/store.h"

namespace stator::remote {

namespace {

void set_attempts(const std::optional<std::string>& text, RemoteOptions& remote) {
  if (!text) return;
  std::uint32_t attempts = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), attempts);
  if (error != std::errc() || end != text->data() + text->size() || attempts == 0 || attempts > 100) {
    throw aws::ConfigurationError(
        "AWS_MAX_ATTEMPTS, or max_attempts of the profile, must be a number from 1 to 100, not \"" + *text + "\"");
  }
  remote.max_attempts = attempts;
  remote.max_connect_attempts = attempts;
}

std::unique_ptr<endpoint::Endpoint> open_prod(const TargetOptions& options) {
  // For AWS itself, its other services are AWS's, too, whatever AWS_ENDPOINT_URL says.
  const bool is_aws = options.endpoint_url.empty() || aws::is_aws_url(options.endpoint_url);
  const aws::Environment environment =
      is_aws ? environment_of(options).without("AWS_ENDPOINT_URL") : environment_of(options);
  RemoteOptions remote;
  // AWS checks the signature for the region of the host.
  const auto region = aws::region_of_aws_url(options.endpoint_url);
  if (region && !options.region.empty() && *region != options.region)
    throw aws::ConfigurationError("--region " + options.region + " does not go with " + options.endpoint_url);
  remote.region = region ? *region : aws::require_region(environment);
  remote.credentials = aws::find_credentials(environment);
  remote.authorities = aws::authorities_file(environment);
  remote.aws_cli_bodies = true;
  remote.log = options.log;
  set_attempts(aws::configured(environment, "AWS_MAX_ATTEMPTS", "max_attempts"), remote);
  if (options.endpoint_url.empty()) {
    remote.url = aws::service_url(environment, "dynamodb", remote.region);
    remote.streams_url = aws::service_url(environment, "streams.dynamodb", remote.region);
    remote.description = "AWS " + remote.region;
  } else {
    remote.url = options.endpoint_url;
  }
  return std::make_unique<Remote>(std::move(remote));
}

/// Most local servers accept any key, but some keep a database for each key, and some know only certain keys. So plain
/// keys are used if they are set, and a broken profile is an error only if it was chosen.
std::shared_ptr<aws::CredentialsProvider> local_credentials(const aws::Environment& environment) {
  try {
    return aws::find_credentials(environment, aws::CredentialSources::kPlainKeys);
  } catch (const aws::ConfigurationError&) {
    if (environment.profile_is_chosen) throw;
    return std::make_shared<aws::FixedCredentials>(aws::Credentials{"local", "local", "", std::nullopt});
  }
}

std::unique_ptr<endpoint::Endpoint> open_url(const TargetOptions& options) {
  const aws::Environment environment = environment_of(options);
  RemoteOptions remote;
  remote.url = options.endpoint_url;
  remote.log = options.log;
  set_attempts(environment.variable("AWS_MAX_ATTEMPTS"), remote);
  remote.credentials = local_credentials(environment);
  try {
    remote.region = aws::find_region(environment, false).value_or(remote.region);
    remote.authorities = aws::authorities_file(environment);
  } catch (const aws::ConfigurationError&) {
  }
  return std::make_unique<Remote>(std::move(remote));
}

std::unique_ptr<endpoint::Endpoint> open_server(const std::string& url, const TargetOptions& options) {
  RemoteOptions remote;
  remote.url = url;
  remote.log = options.log;
  if (!options.region.empty()) remote.region = options.region;
  remote.credentials = local_credentials(environment_of(options));
  remote.use_proxy = false;
  return std::make_unique<Remote>(std::move(remote));
}

/// The command line of a process, for messages: "stator serve --port 8000"; empty if unknown.
std::string command_of(int process_id) {
  constexpr std::size_t kShown = 60;
  std::ifstream in("/proc/" + std::to_string(process_id) + "/cmdline");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  while (!text.empty() && text.back() == '\0') text.pop_back();
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  const std::size_t slash = text.substr(0, text.find(' ')).rfind('/');
  if (slash != std::string::npos) text.erase(0, slash + 1);
  if (text.size() > kShown) text = std::string(core::utf8_prefix(core::to_utf8(text), kShown)) + "...";
  return text;
}

std::string describe_holder(int process_id) {
  if (process_id <= 0) return "another process";
  const std::string command = command_of(process_id);
  return "process " + std::to_string(process_id) + (command.empty() ? "" : " (" + command + ")");
}

bool holds_nothing(const std::filesystem::path& directory) {
  std::error_code error;
  const auto status = std::filesystem::status(directory, error);
  if (status.type() == std::filesystem::file_type::not_found) return true;
  return status.type() == std::filesystem::file_type::directory && std::filesystem::is_empty(directory, error) &&
         !error;
}

/// Opens the directory. Waits for another process that holds it, as most commands end within milliseconds.
std::unique_ptr<endpoint::Endpoint> open_directory(const TargetOptions& options, bool writable) {
  engine::Options engine;
  engine.directory = options.data_directory;
  engine.log = options.log;
  engine.read_only = !writable;
  std::unique_ptr<endpoint::Endpoint> opened;
  try {
    const auto url = open_or_find_server(options, [&] { opened = std::make_unique<endpoint::Embedded>(engine); });
    return url ? open_server(*url, options) : std::move(opened);
  } catch (const store::NoStoreError&) {
    if (writable) throw;
    return std::make_unique<endpoint::Embedded>(engine::Options{});
  }
}

/// The data directory in this process. It is opened for reading until a request writes, then for writing; if there is
/// no store, reads find an empty database. When no call is made for a moment, the directory is closed, so that a
/// command that waits (for changes, for the user, for a reader of its output) does not block others; after a write only
/// if `waits_for_user` is set, as the engine may have work to do.
class LocalDirectory : public endpoint::Endpoint {
 public:
  explicit LocalDirectory(TargetOptions options) : options_(std::move(options)) {
    if (holds_nothing(options_.data_directory)) {
      current_ = std::make_shared<endpoint::Embedded>(engine::Options{});
    } else {
      writable_ = options_.will_write;
      current_ = open_directory(options_, writable_);
    }
    idle_watch_ = std::jthread([this](const std::stop_token& stop) { release_when_idle(stop); });
  }

  using Endpoint::call;
  void call(const endpoint::Request& request, std::string& reply) override {
    const Call under_way(*this, request);
    if (options_.region.empty() || !request.region.empty()) return under_way.endpoint->call(request, reply);
    endpoint::Request of_region = request;
    of_region.region = options_.region;
    under_way.endpoint->call(of_region, reply);
  }
  [[nodiscard]] endpoint::Effort effort(std::string_view operation) const override {
    const std::lock_guard lock(mutex_);
    return current_ == nullptr ? Endpoint::effort(operation) : current_->effort(operation);
  }
  [[nodiscard]] std::string describe() const override {
    const std::lock_guard lock(mutex_);
    return writable_ ? current_->describe() : options_.data_directory;
  }

 private:
  /// Longer than a working command pauses between two calls, and shorter than the pauses of commands that follow
  /// changes.
  static constexpr std::chrono::milliseconds kIdle{100};

  struct Call {
    Call(LocalDirectory& directory, const endpoint::Request& request)
        : owner(directory), endpoint(directory.begin_call(request)) {}
    ~Call() {
      endpoint.reset();
      owner.end_call();
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    LocalDirectory& owner;
    std::shared_ptr<endpoint::Endpoint> endpoint;
  };

  std::shared_ptr<endpoint::Endpoint> begin_call(const endpoint::Request& request) {
    const std::lock_guard lock(mutex_);
    if (!writable_ && endpoint::writes(request.operation, request.body)) {
      // Readers lock out writers, and this process is a reader. Calls that are still reading keep it open a moment
      // longer; opening waits for them.
      current_.reset();
      current_ = open_directory(options_, true);
      writable_ = true;
    } else if (current_ == nullptr) {
      current_ = open_directory(options_, false);  // it was closed, or opening for writing failed
    }
    ++calls_;
    ++calls_under_way_;
    return current_;
  }

  void end_call() {
    const std::lock_guard lock(mutex_);
    --calls_under_way_;
    last_call_end_ = std::chrono::steady_clock::now();
    if (watch_sleeps_ && may_release()) idle_.notify_one();
  }

  [[nodiscard]] bool may_release() const {
    return calls_under_way_ == 0 && current_ != nullptr && (!writable_ || options_.waits_for_user);
  }

  void release_when_idle(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    for (;;) {
      watch_sleeps_ = true;
      idle_.wait(lock, stop, [this] { return may_release(); });
      watch_sleeps_ = false;
      const std::uint64_t calls = calls_;
      // Calls that begin meanwhile do not wake this thread; it notices them at the end.
      idle_.wait_until(lock, stop, last_call_end_ + kIdle, [] { return false; });
      if (stop.stop_requested()) return;
      if (calls_ != calls || !may_release()) continue;
      current_.reset();
      writable_ = false;
    }
  }

  const TargetOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any idle_;
  bool writable_ = false;
  std::shared_ptr<endpoint::Endpoint> current_;
  std::uint64_t calls_ = 0;
  std::size_t calls_under_way_ = 0;
  std::chrono::steady_clock::time_point last_call_end_ = std::chrono::steady_clock::now();
  bool watch_sleeps_ = false;
  /// The last member, as it uses the others.
  std::jthread idle_watch_;
};

}  // namespace

aws::Environment environment_of(const TargetOptions& options) {
  return aws::Environment::of_process().with(options.region, options.profile);
}

bool is_production(const TargetOptions& options) { return options.prod || aws::is_aws_url(options.endpoint_url); }

std::optional<std::string> open_or_find_server(const TargetOptions& options, const std::function<void()>& open) {
  constexpr std::chrono::milliseconds kBetweenTries{20};
  constexpr std::chrono::milliseconds kSilence{500};
  constexpr std::uint32_t kAnswerMs = 1000;
  const auto start = std::chrono::steady_clock::now();
  bool logged = false;
  for (;;) {
    try {
      open();
      return std::nullopt;
    } catch (const store::InUseError& error) {
      std::string fault;
      if (auto url = find_running_server(options.data_directory, kAnswerMs, &fault)) return url;
      if (!fault.empty()) throw store::OpenError(std::string(error.what()) + ": " + fault);
      const auto waited = std::chrono::steady_clock::now() - start;
      if (waited >= options.patience) {
        std::string text = error.what();
        if (error.process_id > 0) text += ": " + describe_holder(error.process_id);
        throw store::OpenError(text + "; stator serve on it lets many processes use it at once");
      }
      if (!logged && waited >= kSilence) {
        core::log(options.log, core::LogLevel::kWarning,
                  "waiting for " + describe_holder(error.process_id) + ", which uses " + options.data_directory);
        logged = true;
      }
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
}

std::unique_ptr<endpoint::Endpoint> open_target(const TargetOptions& options) {
  if (is_production(options)) return open_prod(options);
  if (!options.endpoint_url.empty()) return open_url(options);
  if (options.data_directory.empty()) {
    engine::Options engine;
    engine.log = options.log;
    return std::make_unique<endpoint::Embedded>(engine);
  }
  if (const auto url = find_running_server(options.data_directory)) return open_server(*url, options);
  return std::make_unique<LocalDirectory>(options);
}

}  // namespace stator::remote
