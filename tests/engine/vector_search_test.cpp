// Vector indexes: searches from the store, from memory and with graphs, compared with a naive model, and the remains of
// an index whose build was interrupted.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "engine/check.h"
#include "engine/support.h"

namespace stator::engine {
namespace {

constexpr std::size_t kDimensions = 11;  // not a multiple of the numbers that are added at once

Index vector_index(std::string name, DistanceFunction distance, bool with_schema, ProjectionType projection) {
  Index index;
  index.name = std::move(name);
  index.projection = projection;
  VectorSettings& vector = index.vector.emplace();
  vector.attribute = "v";
  vector.dimensions = kDimensions;
  vector.distance = distance;
  if (with_schema) {
    vector.schema = {{key_attribute("color"), false},
                     {key_attribute("tenant"), true},
                     {key_attribute("year", core::AttributeType::kNumber), false}};
    index.key_schema.hash = {key_attribute("tenant")};
  }
  return index;
}

Table vector_table() {
  return make_table("t", {vector_index("cosine", DistanceFunction::kCosine, true, ProjectionType::kAll),
                          vector_index("euclidean", DistanceFunction::kEuclidean, true, ProjectionType::kKeysOnly),
                          vector_index("dot", DistanceFunction::kDotProduct, false, ProjectionType::kAll)});
}

struct Document {
  std::optional<std::vector<int>> vector;
  std::optional<int> tenant;
  std::optional<int> color;
  std::optional<int> year;
};

/// With small integers every sum is exact, in any order.
double naive_score(DistanceFunction distance, const std::vector<int>& left, const std::vector<int>& right) {
  double dot = 0;
  double left_squares = 0;
  double right_squares = 0;
  double difference_squares = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    dot += left[i] * right[i];
    left_squares += left[i] * left[i];
    right_squares += right[i] * right[i];
    difference_squares += (left[i] - right[i]) * (left[i] - right[i]);
  }
  if (distance == DistanceFunction::kDotProduct) return dot;
  if (distance == DistanceFunction::kEuclidean) return std::sqrt(difference_squares);
  if (left_squares == 0 || right_squares == 0) return 1;
  return std::clamp(1 - dot / std::sqrt(left_squares * right_squares), 0.0, 2.0);
}

class VectorModel {
 public:
  /// Indexes of at least `load_entries` entries are kept in memory, and of at least `graph_entries` have a graph; 0:
  /// never. Jobs run only at fixed points, so that a seed makes the same graphs in every run.
  VectorModel(unsigned seed, std::uint64_t load_entries, std::uint64_t graph_entries)
      : random_(seed), load_entries_(load_entries), graph_entries_(graph_entries) {
    open_engine();
  }

  void run(int searches) {
    for (int i = 0; i < searches; ++i) {
      for (int writes = pick(3); writes > 0; --writes) write();
      search();
      if (i % 500 == 499) reopen();
      if (load_entries_ != 0 && i % 20 == 19) run_jobs();
      if (::testing::Test::HasFailure()) return;
    }
    check_counts();
    engine_.reset();
    const CheckReport report = check_directory(directory_.path() / "data");
    EXPECT_EQ(report.problem_count, 0U) << (report.problems.empty() ? "" : report.problems.front());
  }

  [[nodiscard]] int searches_with_graph() const { return searches_with_graph_; }
  /// The share of the true nearest vectors that searches with a graph found.
  [[nodiscard]] double recall() const { return static_cast<double>(answered_) / static_cast<double>(nearest_); }

 private:
  int pick(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }
  std::optional<int> maybe(int count) { return pick(5) == 0 ? std::nullopt : std::optional(pick(count)); }

  void open_engine() {
    Options options;
    options.directory = directory_.path() / "data";
    options.vector_load_entries = load_entries_;
    options.vector_graph_entries = graph_entries_;
    options.jobs_paused = load_entries_ != 0;
    engine_ = Engine::open(options);
    if (engine_->find_table("t") == nullptr) engine_->create_table(vector_table());
    table_ = engine_->usable_table("t");
  }

  void run_jobs() {
    engine_->resume_jobs();
    // Each load starts a graph.
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(engine_->run_due_jobs(std::chrono::minutes(5)));
    engine_->pause_jobs();
  }

  void reopen() {
    table_.reset();
    engine_.reset();
    open_engine();
  }

  std::vector<int> random_vector() {
    std::vector<int> vector;
    for (std::size_t i = 0; i < kDimensions; ++i) vector.push_back(pick(7) - 3);
    return vector;
  }

  static std::string wire_of(const std::string& key, const Document& document) {
    std::string wire = R"({"pk":{"S":")" + key + R"("},"sk":{"S":"s"},"note":{"S":"n"})";
    if (document.vector) {
      wire += R"(,"v":{"L":[)";
      for (const int number : *document.vector) {
        if (wire.back() != '[') wire += ',';
        wire += R"({"N":")" + std::to_string(number) + R"("})";
      }
      wire += "]}";
    }
    if (document.tenant) wire += R"(,"tenant":{"S":"t)" + std::to_string(*document.tenant) + R"("})";
    if (document.color) wire += R"(,"color":{"S":"c)" + std::to_string(*document.color) + R"("})";
    if (document.year) wire += R"(,"year":{"N":")" + std::to_string(*document.year) + R"("})";
    return wire + "}";
  }

  void write() {
    const std::string key = "k" + std::to_string(pick(150));
    if (pick(5) == 0) {
      remove(*engine_, table_, R"({"pk":{"S":")" + key + R"("},"sk":{"S":"s"}})");
      documents_.erase(key);
      return;
    }
    Document& document = documents_[key];
    if (pick(2) == 0) document.vector = pick(8) == 0 ? std::nullopt : std::optional(random_vector());
    if (pick(2) == 0) document.tenant = maybe(3);
    if (pick(2) == 0) document.color = maybe(3);
    if (pick(2) == 0) document.year = maybe(3);
    put(*engine_, table_, wire_of(key, document));
  }

  void search() {
    const Index& index = table_->indexes[static_cast<std::size_t>(pick(3))];
    const std::vector<int> wanted = random_vector();
    VectorSearch search;
    search.table = table_;
    search.index = &index;
    search.vector.assign(wanted.begin(), wanted.end());
    search.limit = static_cast<std::size_t>(1 + pick(20));
    search.want_vectors = pick(2) == 0;
    std::optional<int> tenant;
    std::optional<int> color;
    std::optional<int> year;
    if (!index.vector->schema.empty()) {
      tenant = pick(4);
      if (pick(2) == 0) color = pick(3);
      if (pick(2) == 0) year = pick(3);
      search.partition = core::AttributeValue("t" + std::to_string(*tenant));
      search.filters.resize(2);
      if (color) search.filters[0] = core::AttributeValue("c" + std::to_string(*color));
      if (year) search.filters[1] = core::AttributeValue(core::Number(*year));
    }
    std::map<std::string, double> scores;
    for (const auto& [key, document] : documents_) {
      if (!document.vector || (tenant && document.tenant != tenant) || (color && document.color != color) ||
          (year && document.year != year)) {
        continue;
      }
      scores[key] = naive_score(index.vector->distance, *document.vector, wanted);
    }
    expect_nearest(search, scores, engine_->search_vectors(search));
  }

  /// Among vectors at the same distance any may be cut off: each match must have its own score, and the scores must be
  /// the best ones.
  void expect_nearest(const VectorSearch& search, const std::map<std::string, double>& scores,
                      const VectorMatches& found) {
    std::vector<float> best;
    for (const auto& [key, score] : scores) best.push_back(static_cast<float>(score));
    const bool higher = search.index->vector->distance == DistanceFunction::kDotProduct;
    higher ? std::ranges::sort(best, std::greater()) : std::ranges::sort(best);
    best.resize(std::min(best.size(), search.limit));
    std::vector<float> answered;
    std::set<std::string> keys;
    for (const VectorMatch& match : found.nearest) {
      answered.push_back(match.score);
      const json::Item shown(match.json);
      const std::string key = *shown.find("pk")->get_if<std::string>();
      EXPECT_TRUE(keys.insert(key).second) << key << " is answered twice";
      ASSERT_TRUE(scores.contains(key)) << key << " does not match";
      EXPECT_EQ(match.score, static_cast<float>(scores.at(key)));
      EXPECT_EQ(shown.find("note") != nullptr, search.index->projection == ProjectionType::kAll);
      EXPECT_EQ(shown.find("v"), nullptr);
      if (!search.want_vectors) continue;
      EXPECT_TRUE(std::ranges::equal(match.vector, *documents_.at(key).vector));
    }
    if (found.source != VectorMatches::Source::kGraph) {
      EXPECT_EQ(answered, best);
      return;
    }
    ++searches_with_graph_;
    EXPECT_TRUE(higher ? std::ranges::is_sorted(answered, std::greater()) : std::ranges::is_sorted(answered));
    EXPECT_EQ(answered.size(), best.size());
    nearest_ += best.size();
    const float last = best.back();
    answered_ += static_cast<std::size_t>(
        std::ranges::count_if(answered, [&](float score) { return higher ? score >= last : score <= last; }));
  }

  void check_counts() {
    const TableCounts counts = engine_->counts(*table_);
    std::uint64_t with_vector = 0;
    std::uint64_t with_tenant = 0;
    for (const auto& [key, document] : documents_) {
      with_vector += document.vector ? 1 : 0;
      with_tenant += document.vector && document.tenant ? 1 : 0;
    }
    EXPECT_EQ(counts.indexes[0].items, with_tenant);
    EXPECT_EQ(counts.indexes[1].items, with_tenant);
    EXPECT_EQ(counts.indexes[2].items, with_vector);
  }

  std::mt19937 random_;
  const std::uint64_t load_entries_;
  const std::uint64_t graph_entries_;
  int searches_with_graph_ = 0;
  std::size_t nearest_ = 0;
  std::size_t answered_ = 0;
  TemporaryDirectory directory_;
  std::unique_ptr<Engine> engine_;
  TablePtr table_;
  std::map<std::string, Document> documents_;
};

int model_searches() { return std::getenv("STATOR_LONG") != nullptr ? 10'000 : 1'000; }

TEST(VectorSearch, AgreesWithANaiveModelOverWritesAndRestarts) { VectorModel(20260811, 0, 0).run(model_searches()); }

TEST(VectorSearch, FromMemoryAgreesWithANaiveModel) { VectorModel(20260813, 5, 0).run(model_searches()); }

TEST(VectorSearch, WithGraphsEveryMatchIsRightAndFewAreMissing) {
  VectorModel model(20260812, 20, 20);
  model.run(model_searches());
  EXPECT_GT(model.searches_with_graph(), model_searches() / 4);
  EXPECT_GE(model.recall(), 0.97);
}

std::size_t found_in(const Engine& engine, const TablePtr& table, std::size_t limit) {
  VectorSearch search;
  search.table = table;
  search.index = table->index("dot");
  search.vector.assign(kDimensions, 1);
  search.limit = limit;
  return engine.search_vectors(search).nearest.size();
}

bool is_active(Engine& engine, std::string_view index) {
  const TablePtr table = engine.find_table("t");
  return table->index(index) != nullptr && table->index(index)->status == TableStatus::kActive;
}

template <class Holds>
bool comes_true(Holds holds) {
  for (int i = 0; i < 4000 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return holds();
}

std::string numbered_item(int number) {
  std::string wire = R"({"pk":{"S":"p)" + std::to_string(number) + R"("},"sk":{"S":"s"},"v":{"L":[)";
  for (std::size_t i = 0; i < kDimensions; ++i) {
    wire +=
        (i == 0 ? "" : ",") + std::string(R"({"N":")") + std::to_string((number + static_cast<int>(i)) % 10) + "\"}";
  }
  return wire + "]}}";
}

TEST(VectorSearch, AnIndexWhoseMakingWasInterruptedIsFinishedAtTheNextStart) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path() / "data";
  options.jobs_paused = true;
  auto engine = Engine::open(options);
  engine->create_table(make_table("t"));
  TablePtr table = engine->usable_table("t");
  for (int i = 0; i < 3000; ++i) put(*engine, table, numbered_item(i));
  engine->update_table("t", [](Table& changed) {
    changed.indexes.push_back(vector_index("dot", DistanceFunction::kDotProduct, false, ProjectionType::kAll));
  });
  put(*engine, table, numbered_item(3000));
  remove(*engine, table, R"({"pk":{"S":"p7"},"sk":{"S":"s"}})");
  EXPECT_FALSE(is_active(*engine, "dot"));
  table.reset();
  engine.reset();  // before the build has begun
  options.jobs_paused = false;
  engine = Engine::open(options);
  ASSERT_TRUE(comes_true([&] { return is_active(*engine, "dot"); }));
  table = engine->usable_table("t");
  EXPECT_EQ(found_in(*engine, table, 5000), 3000U);
  EXPECT_EQ(engine->counts(*table).indexes[0].items, 3000U);
  table.reset();
  engine.reset();
  EXPECT_EQ(check_directory(options.directory).problem_count, 0U);
}

TEST(VectorSearch, ACancelledIndexLeavesNothing) {
  const TemporaryDirectory directory;
  Options options;
  options.directory = directory.path() / "data";
  options.jobs_paused = true;
  auto engine = Engine::open(options);
  engine->create_table(make_table("t"));
  TablePtr table = engine->usable_table("t");
  for (int i = 0; i < 1000; ++i) put(*engine, table, numbered_item(i));
  const auto add = [](Table& changed) {
    changed.indexes.push_back(vector_index("dot", DistanceFunction::kDotProduct, false, ProjectionType::kAll));
  };
  engine->update_table("t", add);
  for (int i = 0; i < 100; ++i) put(*engine, table, numbered_item(1000 + i));
  engine->update_table("t", [](Table& changed) { changed.indexes.clear(); });
  EXPECT_TRUE(engine->find_table("t")->indexes.empty());
  EXPECT_EQ(engine->find_table("t")->status, TableStatus::kActive);
  engine->resume_jobs();
  engine->update_table("t", add);
  ASSERT_TRUE(comes_true([&] { return is_active(*engine, "dot"); }));
  EXPECT_EQ(found_in(*engine, engine->usable_table("t"), 5000), 1100U);
  table.reset();
  engine.reset();
  EXPECT_EQ(check_directory(options.directory).problem_count, 0U);
}

}  // namespace
}  // namespace stator::engine
