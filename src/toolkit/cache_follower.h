#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "cache/caching.h"
#include "core/log_sink.h"
#include "endpoint/endpoint.h"

namespace stator::toolkit {

/// Keeps a cache coherent with what others write: follows the streams of the cached tables, each on its own thread, and
/// passes each record to the cache. A table without a stream is checked again every minute, or every second in the
/// minute after its stream has ended. When a stream cannot be read any more, everything cached of its table is dropped,
/// and again when it can be read.
class CacheFollower {
 public:
  struct Options {
    /// Between two reads of a stream without new records. The lag of the cache is this plus the time of a call.
    std::chrono::milliseconds pause{250};
    /// Between two searches for new tables, and for streams of tables without one.
    std::chrono::milliseconds table_pause{1'000};
    std::chrono::milliseconds stream_pause{60'000};
    core::LogSink log = {};
  };

  /// `upstream`, which is read past the cache, and `cache` must outlive it.
  CacheFollower(endpoint::Endpoint& upstream, cache::Caching& cache, Options options);
  /// Stops following. Waits for running calls, a few seconds at most.
  ~CacheFollower();
  CacheFollower(const CacheFollower&) = delete;
  CacheFollower& operator=(const CacheFollower&) = delete;

 private:
  class Source;

  void watch_tables();
  void follow(const std::string& table);
  void follow_once(const std::string& table);
  /// Waits for `time`; returns false if following has been stopped.
  bool rest(std::chrono::milliseconds time);

  endpoint::Endpoint& upstream_;
  cache::Caching& cache_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::map<std::string, std::thread> followers_;  // used by the watcher thread only
  std::thread watcher_;
};

}  // namespace stator::toolkit
