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

/// Keeps a cache coherent with what others write: follows the streams of the tables that it is asked for, each on a
/// thread of its own, and passes it each record. A table without a stream is looked at again every minute, for a minute
/// after its stream has ended every second. Where a stream cannot be read any more, all that is kept of its table is
/// dropped, and again once it can.
class CacheFollower {
 public:
  struct Options {
    /// Between two reads of a stream without new records: with the time of a call, that is the lag.
    std::chrono::milliseconds pause{250};
    /// Between two searches for new tables, and for streams of tables without one.
    std::chrono::milliseconds table_pause{1'000};
    std::chrono::milliseconds stream_pause{60'000};
    core::LogSink log = {};
  };

  /// `upstream`, which is read past the cache, and `cache` must outlive it.
  CacheFollower(endpoint::Endpoint& upstream, cache::Caching& cache, Options options);
  /// Stops following; waits for calls under way, at most some seconds.
  ~CacheFollower();
  CacheFollower(const CacheFollower&) = delete;
  CacheFollower& operator=(const CacheFollower&) = delete;

 private:
  class Source;

  void watch_tables();
  void follow(const std::string& table);
  void follow_once(const std::string& table);
  /// Waits; returns false where following has been stopped.
  bool rest(std::chrono::milliseconds time);

  endpoint::Endpoint& upstream_;
  cache::Caching& cache_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::map<std::string, std::thread> followers_;  // of the watching thread
  std::thread watcher_;
};

}  // namespace stator::toolkit
