// GetItem and PutItem in process, in one thread, in memory, and on disk with the write-ahead log; the latter is
// compared with raw RocksDB with the same options and values of the same length. For each put the engine does what
// RocksDB does for one Put, and reads the old item before it. Load writes a million items of 1 KB from two threads, 25
// in a batch, and is compared with writing the same rows.

#include <benchmark/benchmark.h>
#include <rocksdb/db.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "json/item.h"
#include "json/reader.h"
#include "store/rocks_options.h"

namespace {

using namespace stator;

constexpr int kItems = 100'000;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stator-bench-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

std::string wire_item(int i, int age) {
  return R"({"pk":{"S":"user-)" + std::to_string(1'000'000 + i) +
         R"("},"sk":{"S":"profile"},"name":{"S":"A name of usual length"},"age":{"N":")" + std::to_string(age) +
         R"("},"mail":{"S":"someone@example.com"}})";
}

/// Items and keys are made beforehand, so that only the engine is measured.
struct EngineBench {
  explicit EngineBench(bool in_memory = false) {
    engine::Options options;
    if (!in_memory) options.directory = directory.path;
    engine = engine::Engine::open(options);
    engine::Table definition;
    definition.name = "t";
    definition.key_schema = {{{"pk", core::AttributeType::kString}}, {{"sk", core::AttributeType::kString}}};
    engine->create_table(definition);
    table = engine->usable_table("t");
    json::Parser parser;
    for (int i = 0; i < kItems; ++i) {
      for (std::size_t version = 0; version < versions.size(); ++version) {
        json::Object object;
        if (parser.parse(wire_item(i, version == 0 ? 42 : 43)).get(object) != simdjson::SUCCESS) std::abort();
        versions[version].push_back(json::normalise_item(object));
      }
      keys.push_back(
          engine::Engine::make_key(*table, {core::AttributeValue::string("user-" + std::to_string(1'000'000 + i)),
                                            core::AttributeValue::string("profile")}));
    }
  }
  /// Each put changes the item: a put of the same item costs less.
  void put(std::size_t i) {
    engine::WriteAction action;
    action.table = table;
    action.key = keys[i];
    action.item = &versions[is_second[i]][i];
    is_second[i] = !is_second[i];
    benchmark::DoNotOptimize(engine->write(action));
  }
  TemporaryDirectory directory;
  std::unique_ptr<engine::Engine> engine;
  engine::TablePtr table;
  std::array<std::vector<json::EncodedItem>, 2> versions;
  std::vector<bool> is_second = std::vector<bool>(kItems, false);
  std::vector<engine::Key> keys;
};

struct MemoryBench : EngineBench {
  MemoryBench() : EngineBench(true) {}
};

struct RawBench {
  RawBench() {
    rocksdb::Options options = store::rocks_options(store::Options{});
    options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::Open(options, directory.path.string(), &opened).ok()) std::abort();
    db.reset(opened);
    const EngineBench same;
    for (int i = 0; i < kItems; ++i) {
      keys.push_back(same.keys[static_cast<std::size_t>(i)].encoded);
      values.push_back("12" + same.versions[0][static_cast<std::size_t>(i)].json);
    }
  }
  void put(std::size_t i) {
    if (!db->Put(rocksdb::WriteOptions(), keys[i], values[i]).ok()) std::abort();
  }
  TemporaryDirectory directory;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<std::string> keys;
  std::vector<std::string> values;
};

template <class Bench>
void put_new(benchmark::State& state) {
  Bench bench;
  std::size_t i = 0;
  for (auto _ : state) {
    bench.put(i++ % kItems);
    if (i > kItems) state.SkipWithError("not new any more");
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Bench>
void put_over(benchmark::State& state) {
  Bench bench;
  for (std::size_t i = 0; i < kItems; ++i) bench.put(i);
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> any(0, kItems - 1);
  for (auto _ : state) bench.put(any(random));
  state.SetItemsProcessed(state.iterations());
}

void flush(EngineBench& bench) {
  bench.engine.reset();  // a clean stop flushes
  engine::Options options;
  options.directory = bench.directory.path;
  bench.engine = engine::Engine::open(options);
  bench.table = bench.engine->usable_table("t");
}
void flush(RawBench& bench) { (void)bench.db->Flush(rocksdb::FlushOptions()); }

void get(EngineBench& bench, std::size_t i, std::string& out) {
  std::size_t size_bytes = 0;
  if (!bench.engine->get_item(*bench.table, bench.keys[i], out, size_bytes)) std::abort();
}
void get(RawBench& bench, std::size_t i, std::string& out) {
  if (!bench.db->Get(rocksdb::ReadOptions(), bench.keys[i], &out).ok()) std::abort();
}

/// Reads from the memtable or, after a flush, from cached blocks of a table.
template <class Bench>
void get_item(benchmark::State& state) {
  Bench bench;
  for (std::size_t i = 0; i < kItems; ++i) bench.put(i);
  if (state.range(0) != 0) flush(bench);
  std::string out;
  for (std::size_t i = 0; i < kItems; ++i) get(bench, i, out);
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> any(0, kItems - 1);
  for (auto _ : state) {
    get(bench, any(random), out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}

void scan_pages(benchmark::State& state) {
  EngineBench bench;
  for (std::size_t i = 0; i < kItems; ++i) bench.put(i);
  flush(bench);
  engine::PageRequest request;
  request.table = bench.table;
  std::int64_t items = 0;
  for (auto _ : state) {
    std::size_t bytes = 0;
    const engine::Page page =
        bench.engine->read_page(request, [&bytes](std::string_view json) { bytes += json.size(); });
    benchmark::DoNotOptimize(bytes);
    items += static_cast<std::int64_t>(page.count);
  }
  state.SetItemsProcessed(items);
}

void scan_raw(benchmark::State& state) {
  RawBench bench;
  for (std::size_t i = 0; i < kItems; ++i) bench.put(i);
  flush(bench);
  std::int64_t items = 0;
  for (auto _ : state) {
    std::size_t bytes = 0;
    std::size_t count = 0;
    const std::unique_ptr<rocksdb::Iterator> walk(bench.db->NewIterator(rocksdb::ReadOptions()));
    for (walk->SeekToFirst(); walk->Valid() && count < 10'000; walk->Next(), ++count) bytes += walk->value().size();
    benchmark::DoNotOptimize(bytes);
    items += static_cast<std::int64_t>(count);
  }
  state.SetItemsProcessed(items);
}

/// The start of a process on a directory that was stopped cleanly.
void open_directory(benchmark::State& state) {
  EngineBench bench;
  for (std::size_t i = 0; i < kItems; ++i) bench.put(i);
  bench.table.reset();
  bench.engine.reset();
  engine::Options options;
  options.directory = bench.directory.path;
  for (auto _ : state) {
    auto engine = engine::Engine::open(options);
    benchmark::DoNotOptimize(engine->usable_table("t"));
    state.PauseTiming();
    engine.reset();
    state.ResumeTiming();
  }
}

void open_memory(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(engine::Engine::open({}));
}

constexpr std::size_t kLoaded = 1'000'000;
constexpr std::size_t kBatch = 25;
constexpr std::size_t kThreads = 2;

/// Items of 1 KB that do not compress; their keys are hashed, so they are written in random order.
class LoadedItems {
 public:
  LoadedItems() {
    std::mt19937 random(1);
    for (char& letter : letters_) letter = static_cast<char>('a' + random() % 26);
  }
  static engine::Key key(const engine::Table& table, std::size_t number) {
    return engine::Engine::make_key(
        table, {core::AttributeValue::string(user(number)), core::AttributeValue::string("profile")});
  }
  [[nodiscard]] std::string wire(std::size_t number) const {
    return R"({"pk":{"S":")" + user(number) + R"("},"sk":{"S":"profile"},"text":{"S":")" +
           letters_.substr(number * 7919 % (letters_.size() - kText), kText) + R"("}})";
  }

 private:
  static constexpr std::size_t kText = 900;
  static std::string user(std::size_t number) { return "user-" + std::to_string(1'000'000'000 + number); }
  std::string letters_ = std::string(1 << 20, ' ');
};

/// Calls `write(first, last)` for all batches, from several threads.
template <class Write>
void load(benchmark::State& state, const Write& write) {
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&write, thread] {
        for (std::size_t first = thread * kBatch; first < kLoaded; first += kThreads * kBatch) {
          write(first, std::min(first + kBatch, kLoaded));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  state.SetItemsProcessed(kLoaded);
}

/// Writes only the rows, as the engine stores them.
void load_raw(benchmark::State& state) {
  const RawBench bench;
  const EngineBench same;
  const LoadedItems items;
  load(state, [&](std::size_t first, std::size_t last) {
    rocksdb::WriteBatch batch;
    for (std::size_t i = first; i < last; ++i) {
      batch.Put(LoadedItems::key(*same.table, i).encoded, "12" + items.wire(i));
    }
    if (!bench.db->Write(rocksdb::WriteOptions(), &batch).ok()) std::abort();
  });
}

/// Writes as BatchWriteItem does, starting from the items' JSON.
void load_engine(benchmark::State& state) {
  const EngineBench bench;
  const LoadedItems items;
  load(state, [&](std::size_t first, std::size_t last) {
    thread_local json::Parser parser;
    std::vector<json::EncodedItem> encoded;
    std::vector<engine::WriteAction> actions;
    encoded.reserve(kBatch);
    for (std::size_t i = first; i < last; ++i) {
      json::Object object;
      if (parser.parse(items.wire(i)).get(object) != simdjson::SUCCESS) std::abort();
      encoded.push_back(json::normalise_item(object));
      engine::WriteAction action;
      action.table = bench.table;
      action.key = LoadedItems::key(*bench.table, i);
      action.item = &encoded.back();
      actions.push_back(action);
    }
    benchmark::DoNotOptimize(bench.engine->write_each(actions));
  });
}

BENCHMARK(get_item<RawBench>)->Name("GetItem/raw/flushed")->Arg(1);
BENCHMARK(get_item<EngineBench>)->Name("GetItem/engine/flushed")->Arg(1);
BENCHMARK(get_item<RawBench>)->Name("GetItem/raw/memtable")->Arg(0);
BENCHMARK(get_item<EngineBench>)->Name("GetItem/engine/memtable")->Arg(0);
BENCHMARK(get_item<MemoryBench>)->Name("GetItem/in memory")->Arg(0);
BENCHMARK(put_new<RawBench>)->Name("PutItem/raw/new")->Iterations(kItems);
BENCHMARK(put_new<EngineBench>)->Name("PutItem/engine/new")->Iterations(kItems);
BENCHMARK(put_over<RawBench>)->Name("PutItem/raw/over")->Iterations(kItems);
BENCHMARK(put_over<EngineBench>)->Name("PutItem/engine/over")->Iterations(kItems);
BENCHMARK(put_new<MemoryBench>)->Name("PutItem/in memory/new")->Iterations(kItems);
BENCHMARK(put_over<MemoryBench>)->Name("PutItem/in memory/over")->Iterations(kItems);
BENCHMARK(load_raw)
    ->Name("Load/raw")
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(load_engine)
    ->Name("Load/engine")
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(scan_raw)->Name("Scan/raw");
BENCHMARK(scan_pages)->Name("Scan/engine");
BENCHMARK(open_directory)->Name("Open/directory")->Unit(benchmark::kMillisecond);
BENCHMARK(open_memory)->Name("Open/memory")->Unit(benchmark::kMillisecond);

/// Collects rates, and prints each figure of the engine as a ratio to that of raw RocksDB.
class RatioReporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      const auto rate = run.counters.find("items_per_second");
      if (rate == run.counters.end()) continue;
      const std::string name = run.run_name.function_name;
      const std::size_t at = name.find("/engine");
      if (at == std::string::npos) {
        raw_rates_[name] = rate->second;
        continue;
      }
      std::string raw = name;
      raw.replace(at, 7, "/raw");
      const auto base = raw_rates_.find(raw);
      if (base == raw_rates_.end()) continue;
      GetOutputStream() << "  " << name << " is " << rate->second / base->second << " of raw RocksDB\n";
    }
  }

 private:
  std::map<std::string, double> raw_rates_;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return 0;
}
