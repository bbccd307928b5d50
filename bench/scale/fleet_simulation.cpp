// Simulates a fleet of `stator cache` nodes before one table: which share of the requests each level answers, what is
// left for the upstream, how many reads are older than a write acknowledged before them, and what the loss of nodes
// costs. Prints one JSON object. See README.md in bench/; bench/scale/check compares a small fleet with real processes.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../cache/zipf.h"
#include "cache/eviction.h"

namespace stator::bench {
namespace {

/// How a node learns of writes through other nodes.
enum class NotifiedBy : std::uint8_t { kNobody, kSharedLevel, kStreams };

struct Fleet {
  std::size_t nodes = 3;
  std::size_t items = 100'000;
  double exponent = 0.99;          // of the Zipf distribution of keys
  double reads = 0.9;              // share of all requests; the others are puts
  double requests_per_s = 10'000;  // of the whole fleet
  double seconds = 600;
  double warm_s = 300;              // not counted
  double memory_mb = 64;            // of each node
  std::size_t entry_bytes = 1'400;  // an item of 1 KB with what the cache adds to it
  double ttl_s = 300;
  NotifiedBy notified_by = NotifiedBy::kSharedLevel;
  double lag_s = 0.002;  // of a message; with streams, added to the rest of `poll_s`
  double poll_s = 0.25;  // the interval between reads of a stream
  double settle_s = 1;   // after a write, other nodes keep no reads for so long
  double loss_s = 0;     // when nodes are replaced by empty ones; 0: never
  std::size_t lost = 1;
  std::uint64_t seed = 1;
  std::string trace;  // a file to which every request is written
};

/// One node's entries, with the eviction policy of the real cache.
class Node {
 public:
  struct Entry : cache::Evictable {
    double expires_s = 0;
    double stale_since_s = 0;  // when another node wrote the item; 0: none did
    bool held = false;
  };

  Node(std::size_t items, std::size_t capacity_bytes, std::size_t entry_bytes)
      : entries_(items), queue_(capacity_bytes), capacity_bytes_(capacity_bytes), entry_bytes_(entry_bytes) {}
  // Before the entries are destroyed, whose hooks are in the queue.
  ~Node() { clear(); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  Entry* find(std::size_t item, double now_s) {
    Entry& entry = entries_[item];
    if (!entry.held) return nullptr;
    cache::EvictionQueue::touch(entry);
    return now_s < entry.expires_s ? &entry : nullptr;
  }
  void keep(std::size_t item, double expires_s) {
    Entry& entry = entries_[item];
    entry.expires_s = expires_s;
    entry.stale_since_s = 0;
    if (entry.held) return;
    entry.held = true;
    entry.hash = mix(item + 1);
    entry.size_bytes = entry_bytes_;
    queue_.insert(entry);
    while (queue_.size_bytes() > capacity_bytes_) static_cast<Entry&>(queue_.evict()).held = false;
  }
  void drop(std::size_t item) {
    Entry& entry = entries_[item];
    if (!entry.held) return;
    queue_.remove(entry);
    entry.held = false;
  }
  void note_write(std::size_t item, double now_s) {
    Entry& entry = entries_[item];
    if (entry.held && entry.stale_since_s == 0) entry.stale_since_s = now_s;
  }
  void clear() {
    while (!queue_.empty()) static_cast<Entry&>(queue_.evict()).held = false;
  }

 private:
  std::vector<Entry> entries_;
  cache::EvictionQueue queue_;
  std::size_t capacity_bytes_;
  std::size_t entry_bytes_;
};

struct Figures {
  std::uint64_t reads = 0;
  std::uint64_t node_hits = 0;
  std::uint64_t shared_hits = 0;
  std::uint64_t writes = 0;
  std::uint64_t stale_reads = 0;
  double oldest_s = 0;                        // the most time between a write elsewhere and a stale read of its item
  std::vector<std::uint64_t> upstream_reads;  // for each second, from the beginning
};

class Simulation {
 public:
  explicit Simulation(const Fleet& fleet)
      : fleet_(fleet),
        zipf_(fleet.items, fleet.exponent),
        random_(fleet.seed),
        shared_until_s_(fleet.items),
        settles_until_s_(fleet.items) {
    for (std::size_t i = 0; i < fleet.nodes; ++i) {
      nodes_.push_back(std::make_unique<Node>(fleet.items, static_cast<std::size_t>(fleet.memory_mb * (1U << 20U)),
                                              fleet.entry_bytes));
    }
    if (!fleet.trace.empty()) trace_.open(fleet.trace);
  }

  Figures run() {
    const auto requests = static_cast<std::uint64_t>(fleet_.seconds * fleet_.requests_per_s);
    figures_.upstream_reads.resize(static_cast<std::size_t>(std::ceil(fleet_.seconds)) + 1);
    bool lost = fleet_.loss_s == 0;
    for (std::uint64_t i = 0; i < requests; ++i) {
      now_s_ = static_cast<double>(i) / fleet_.requests_per_s;
      if (!lost && now_s_ >= fleet_.loss_s) {
        lost = true;
        for (std::size_t node = 0; node < std::min(fleet_.lost, nodes_.size()); ++node) nodes_[node]->clear();
      }
      deliver_messages();
      const std::size_t node = random_() % nodes_.size();
      const std::size_t item = zipf_(random_);
      const bool reads = std::uniform_real_distribution<double>(0, 1)(random_) < fleet_.reads;
      if (trace_.is_open()) trace_ << node << ' ' << item << ' ' << (reads ? 'r' : 'w') << '\n';
      reads ? read(node, item) : write(node, item);
    }
    return std::move(figures_);
  }

 private:
  struct Message {
    double arrives_s;
    std::size_t item;
    std::size_t from;
  };

  [[nodiscard]] bool counts() const { return now_s_ >= fleet_.warm_s; }

  void deliver_messages() {
    for (; !messages_.empty() && messages_.front().arrives_s <= now_s_; messages_.pop_front()) {
      const Message& message = messages_.front();
      for (std::size_t node = 0; node < nodes_.size(); ++node) {
        if (node != message.from) nodes_[node]->drop(message.item);
      }
      settles_until_s_[message.item] = std::max(settles_until_s_[message.item], message.arrives_s + fleet_.settle_s);
    }
  }

  void read(std::size_t node, std::size_t item) {
    figures_.reads += counts() ? 1 : 0;
    if (const Node::Entry* const entry = nodes_[node]->find(item, now_s_)) {
      if (!counts()) return;
      ++figures_.node_hits;
      if (entry->stale_since_s == 0) return;
      ++figures_.stale_reads;
      figures_.oldest_s = std::max(figures_.oldest_s, now_s_ - entry->stale_since_s);
      return;
    }
    const bool settles = now_s_ < settles_until_s_[item];
    if (fleet_.notified_by == NotifiedBy::kSharedLevel && !settles && now_s_ < shared_until_s_[item]) {
      figures_.shared_hits += counts() ? 1 : 0;
      nodes_[node]->keep(item, shared_until_s_[item]);
      return;
    }
    ++figures_.upstream_reads[static_cast<std::size_t>(now_s_)];
    if (settles) return;
    nodes_[node]->keep(item, now_s_ + fleet_.ttl_s);
    shared_until_s_[item] = now_s_ + fleet_.ttl_s;
  }

  void write(std::size_t node, std::size_t item) {
    figures_.writes += counts() ? 1 : 0;
    for (std::size_t other = 0; other < nodes_.size(); ++other) {
      if (other != node) nodes_[other]->note_write(item, now_s_);
    }
    nodes_[node]->keep(item, now_s_ + fleet_.ttl_s);
    shared_until_s_[item] = 0;
    if (fleet_.notified_by == NotifiedBy::kSharedLevel) settles_until_s_[item] = now_s_ + fleet_.settle_s;
    if (fleet_.notified_by == NotifiedBy::kNobody) return;
    const double read_s =
        fleet_.notified_by == NotifiedBy::kStreams ? (std::floor(now_s_ / fleet_.poll_s) + 1) * fleet_.poll_s : now_s_;
    messages_.push_back({read_s + fleet_.lag_s, item, node});
  }

  const Fleet& fleet_;
  Zipf zipf_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<double> shared_until_s_;   // of the entry in the shared level, which has room for all; 0: no entry
  std::vector<double> settles_until_s_;  // until then nodes other than the writer keep no reads
  std::deque<Message> messages_;
  std::ofstream trace_;
  Figures figures_;
  double now_s_ = 0;
};

double per_cent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

/// Mean of the upstream's reads a second from `begin_s` to `end_s`.
double mean(const std::vector<std::uint64_t>& reads, double begin_s, double end_s) {
  double sum = 0;
  const auto begin = static_cast<std::size_t>(begin_s);
  const auto end = std::min(static_cast<std::size_t>(end_s), reads.size());
  for (std::size_t second = begin; second < end; ++second) sum += static_cast<double>(reads[second]);
  return end > begin ? sum / static_cast<double>(end - begin) : 0;
}

void print(const Fleet& fleet, const Figures& figures) {
  const double until_s = fleet.loss_s > fleet.warm_s ? fleet.loss_s : std::floor(fleet.seconds);
  const double steady = mean(figures.upstream_reads, fleet.warm_s, until_s);
  std::printf(
      R"({"requests":%llu,"node_hits_per_cent":%.2f,"shared_hits_per_cent":%.2f,"upstream_reads_per_s":%.0f,"upstream_writes_per_s":%.0f,)",
      static_cast<unsigned long long>(figures.reads + figures.writes), per_cent(figures.node_hits, figures.reads),
      per_cent(figures.shared_hits, figures.reads), steady, fleet.requests_per_s * (1 - fleet.reads));
  std::printf(
      R"("stale_reads_per_million":%.1f,"stale_for_s_at_most":%.3f)",
      figures.reads == 0 ? 0 : 1e6 * static_cast<double>(figures.stale_reads) / static_cast<double>(figures.reads),
      figures.oldest_s);
  if (fleet.loss_s > fleet.warm_s) {
    const auto begin = figures.upstream_reads.begin() + static_cast<std::ptrdiff_t>(fleet.loss_s);
    const auto highest = std::max_element(begin, figures.upstream_reads.end());
    double settled_s = 0;
    while (fleet.loss_s + settled_s + 5 < fleet.seconds &&
           mean(figures.upstream_reads, fleet.loss_s + settled_s, fleet.loss_s + settled_s + 5) > steady * 1.05) {
      ++settled_s;
    }
    std::printf(R"(,"upstream_reads_per_s_after_loss":%llu,"as_before_after_s":%.0f)",
                static_cast<unsigned long long>(*highest), settled_s);
  }
  std::printf("}\n");
}

}  // namespace
}  // namespace stator::bench

int main(int argc, char** argv) {
  using stator::bench::NotifiedBy;
  stator::bench::Fleet fleet;
  CLI::App app("Simulates a fleet of caches before one table.");
  app.option_defaults()->always_capture_default();
  app.add_option("--nodes", fleet.nodes)->check(CLI::Range(1, 1'000));
  app.add_option("--items", fleet.items)->check(CLI::Range(1, 100'000'000));
  app.add_option("--exponent", fleet.exponent, "of the keys' Zipf distribution");
  app.add_option("--reads", fleet.reads, "part of the requests")->check(CLI::Range(0.0, 1.0));
  app.add_option("--requests-per-second", fleet.requests_per_s, "of the whole fleet")->check(CLI::PositiveNumber);
  app.add_option("--seconds", fleet.seconds)->check(CLI::PositiveNumber);
  app.add_option("--warm", fleet.warm_s, "seconds that are not counted");
  app.add_option("--memory", fleet.memory_mb, "MB a node")->check(CLI::PositiveNumber);
  app.add_option("--entry-bytes", fleet.entry_bytes)->check(CLI::PositiveNumber);
  app.add_option("--ttl", fleet.ttl_s, "seconds");
  app.add_option("--told-by", fleet.notified_by, "nobody, shared or streams")
      ->transform(CLI::CheckedTransformer(std::vector<std::pair<std::string, NotifiedBy>>{
          {"nobody", NotifiedBy::kNobody}, {"shared", NotifiedBy::kSharedLevel}, {"streams", NotifiedBy::kStreams}}));
  app.add_option("--lag", fleet.lag_s, "seconds a message takes");
  app.add_option("--poll", fleet.poll_s, "seconds between two looks at a stream");
  app.add_option("--settle", fleet.settle_s, "seconds after a write for which reads of other nodes are not kept");
  app.add_option("--lose-at", fleet.loss_s, "when nodes are replaced by empty ones, in seconds; 0: never");
  app.add_option("--lose", fleet.lost, "how many");
  app.add_option("--seed", fleet.seed);
  app.add_option("--trace", fleet.trace, "a file for the requests: node, item, r or w");
  CLI11_PARSE(app, argc, argv);
  stator::bench::print(fleet, stator::bench::Simulation(fleet).run());
  return 0;
}
