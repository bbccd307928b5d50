// Vectors of indexes in memory and their graphs: when they are loaded, what searches find while items change, when they
// are dropped.

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <thread>

#include "engine/support.h"

namespace stator::engine {
namespace {

constexpr std::size_t kDimensions = 13;
constexpr std::size_t kLimit = 10;

using Vector = std::vector<float>;
using Source = VectorMatches::Source;

Index vector_index(DistanceFunction distance, bool with_schema) {
  Index index;
  index.name = "vectors";
  VectorSettings& vector = index.vector.emplace();
  vector.attribute = "v";
  vector.dimensions = kDimensions;
  vector.distance = distance;
  if (with_schema) {
    vector.schema = {{key_attribute("tenant"), true}, {key_attribute("color"), false}};
    index.key_schema.hash = {key_attribute("tenant")};
  }
  return index;
}

class VectorRanges : public ::testing::Test {
 protected:
  void open(const Index& index, std::uint64_t memory_bytes = 1 << 30) {
    Options options;
    options.directory = directory_.path() / "data";
    options.vector_load_entries = 100;
    options.vector_graph_entries = 1000;
    options.vector_memory_bytes = memory_bytes;
    options.jobs_paused = true;
    engine_ = Engine::open(options);
    engine_->create_table(make_table("t", {index}));
    table_ = engine_->usable_table("t");
  }

  void run_jobs() {
    engine_->resume_jobs();
    // A range with many changes is loaded again, and each load starts a graph.
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(engine_->run_due_jobs(std::chrono::minutes(5)));
    engine_->pause_jobs();
  }

  /// A vector near one of twenty centres, like those of texts and pictures.
  Vector random_vector() {
    std::normal_distribution<float> normal;
    std::mt19937 centre(static_cast<unsigned>(random_() % 20));
    Vector vector;
    for (std::size_t i = 0; i < kDimensions; ++i) {
      const float middle = normal(centre);
      vector.push_back(middle + normal(random_) / 2);
    }
    return vector;
  }

  static std::string wire_of(const std::string& key, const Vector& vector, const std::string& others) {
    std::string wire = R"({"pk":{"S":")" + key + R"("},"sk":{"S":"s"},"v":{"L":[)";
    for (const float number : vector) {
      if (wire.back() != '[') wire += ',';
      char digits[32];
      std::snprintf(digits, sizeof digits, "%.9g", static_cast<double>(number));
      wire += std::string(R"({"N":")") + digits + R"("})";
    }
    return wire + "]}" + others + "}";
  }

  void put_vector(int number, Vector vector, const std::string& others = {}) {
    const std::string key = "k" + std::to_string(number);
    put(*engine_, table_, wire_of(key, vector, others));
    vectors_[key] = std::move(vector);
  }

  void remove_vector(int number) {
    const std::string key = "k" + std::to_string(number);
    remove(*engine_, table_, R"({"pk":{"S":")" + key + R"("},"sk":{"S":"s"}})");
    vectors_.erase(key);
  }

  VectorSearch search_for(Vector wanted) const {
    VectorSearch search;
    search.table = table_;
    search.index = table_->index("vectors");
    search.vector = std::move(wanted);
    search.limit = kLimit;
    return search;
  }

  VectorMatches search(Vector wanted) const { return engine_->search_vectors(search_for(std::move(wanted))); }

  [[nodiscard]] double rank(const Vector& left, const Vector& right) const {
    double dot = 0;
    double left_squares = 0;
    double right_squares = 0;
    double differences = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
      dot += double{left[i]} * double{right[i]};
      left_squares += double{left[i]} * double{left[i]};
      right_squares += double{right[i]} * double{right[i]};
      differences += (double{left[i]} - double{right[i]}) * (double{left[i]} - double{right[i]});
    }
    switch (table_->index("vectors")->vector->distance) {
      case DistanceFunction::kDotProduct:
        return -dot;
      case DistanceFunction::kEuclidean:
        return std::sqrt(differences);
      case DistanceFunction::kCosine:
        break;
    }
    return 1 - dot / std::sqrt(left_squares * right_squares);
  }

  static std::string key_of_match(const VectorMatch& match) {
    return *json::Item(match.json).find("pk")->get_if<std::string>();
  }

  /// Searches a hundred times and checks every match; returns the share of the true nearest vectors that were found.
  double recall(Source source) {
    std::size_t hits = 0;
    std::size_t wanted = 0;
    for (int i = 0; i < 100; ++i) {
      const Vector query = random_vector();
      std::vector<double> ranks;
      for (const auto& [key, vector] : vectors_) ranks.push_back(rank(query, vector));
      std::ranges::sort(ranks);
      ranks.resize(std::min(ranks.size(), kLimit));
      const VectorMatches found = search(query);
      EXPECT_EQ(found.source, source);
      EXPECT_EQ(found.nearest.size(), ranks.size());
      std::set<std::string> keys;
      for (const VectorMatch& match : found.nearest) {
        const std::string key = key_of_match(match);
        EXPECT_TRUE(keys.insert(key).second) << key << " is answered twice";
        if (!vectors_.contains(key)) {
          ADD_FAILURE() << key << " is not there any more";
          continue;
        }
        const double own = rank(query, vectors_.at(key));
        const bool is_dot = table_->index("vectors")->vector->distance == DistanceFunction::kDotProduct;
        EXPECT_NEAR(match.score, is_dot ? -own : own, 1e-5);
        if (own <= ranks.back() + 1e-9) ++hits;
      }
      wanted += ranks.size();
    }
    return static_cast<double>(hits) / static_cast<double>(wanted);
  }

  [[nodiscard]] std::size_t jobs(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        engine_->jobs(), [name](const JobInfo& job) { return job.name == name && job.state != JobState::kEnded; }));
  }

  std::mt19937 random_{20260813};
  TemporaryDirectory directory_;
  std::unique_ptr<Engine> engine_;
  TablePtr table_;
  std::map<std::string, Vector> vectors_;
};

class VectorRangesOf : public VectorRanges, public ::testing::WithParamInterface<DistanceFunction> {};

TEST_P(VectorRangesOf, ChangesAreSeenAtOnceWithoutAGraphAndWithOne) {
  constexpr int kItems = 3000;
  open(vector_index(GetParam(), false));
  for (int i = 0; i < kItems; ++i) put_vector(i, random_vector());
  EXPECT_EQ(recall(Source::kStore), 1.0);
  EXPECT_EQ(jobs("load-vectors"), 1U);
  run_jobs();
  EXPECT_GE(recall(Source::kGraph), 0.95);
  // A few changed vectors are compared one by one.
  for (int i = 0; i < 50; ++i) put_vector(i, random_vector());
  for (int i = 50; i < 100; ++i) remove_vector(i);
  for (int i = kItems; i < kItems + 50; ++i) put_vector(i, random_vector());
  EXPECT_GE(recall(Source::kGraph), 0.95);
  // With many changes, reading all vectors from the store is quicker.
  for (int i = 0; i < kItems / 2; ++i) put_vector(i, random_vector());
  EXPECT_EQ(recall(Source::kStore), 1.0);
  run_jobs();
  EXPECT_GE(recall(Source::kGraph), 0.95);
}

TEST_P(VectorRangesOf, MatchesFromMemoryAreThoseFromTheStore) {
  open(vector_index(GetParam(), false));
  const Vector often = random_vector();
  for (int i = 0; i < 900; ++i) {
    Vector vector = i % 10 == 0 ? often : random_vector();
    if (i % 50 == 1) vector.assign(kDimensions, 0);
    if (i % 50 == 2) std::ranges::for_each(vector, [](float& number) { number *= 1e37F; });
    if (i % 50 == 3) vector[0] = std::nextafter(often[0], 1e9F);
    put_vector(i, vector);
  }
  std::vector<VectorSearch> searches;
  for (int i = 0; i < 60; ++i) {
    Vector wanted = i % 3 == 0 ? often : random_vector();
    if (i == 7) wanted.assign(kDimensions, 0);
    if (i == 8) wanted.assign(kDimensions, 3.4e38F);
    searches.push_back(search_for(wanted));
    searches.back().limit = static_cast<std::size_t>(1 + i * 7 % 100);
  }
  const auto answers = [&](Source source) {
    std::vector<std::pair<std::string, float>> all;
    int from_source = 0;
    for (const VectorSearch& each : searches) {
      const VectorMatches found = engine_->search_vectors(each);
      from_source += found.source == source ? 1 : 0;
      for (const VectorMatch& match : found.nearest) all.emplace_back(key_of_match(match), match.score);
    }
    // Searches for extreme vectors, and for those at the same distance from all others, use the store.
    EXPECT_GE(from_source, static_cast<int>(searches.size()) - 2);
    return all;
  };
  const auto from_store = answers(Source::kStore);
  run_jobs();
  EXPECT_EQ(answers(Source::kMemory), from_store);
}

INSTANTIATE_TEST_SUITE_P(AllDistances, VectorRangesOf,
                         ::testing::Values(DistanceFunction::kCosine, DistanceFunction::kDotProduct,
                                           DistanceFunction::kEuclidean));

TEST_F(VectorRanges, AWornRangeIsLoadedAgainAndOneOfAnIndexThatIsGoneIsDropped) {
  constexpr int kItems = 1500;
  open(vector_index(DistanceFunction::kEuclidean, false));
  for (int i = 0; i < kItems; ++i) put_vector(i, random_vector());
  search(random_vector());
  run_jobs();
  for (int round = 0; round < 6; ++round) {
    for (int i = round % 2; i < kItems; i += 2) put_vector(i, random_vector());
    run_jobs();
  }
  EXPECT_EQ(jobs("load-vectors"), 1U);
  EXPECT_EQ(jobs("build-vector-graph"), 1U);
  EXPECT_GT(std::ranges::count(engine_->jobs(), "build-vector-graph", &JobInfo::name), 1);
  EXPECT_GE(recall(Source::kGraph), 0.95);
  for (int i = 30; i < kItems; ++i) remove_vector(i);
  run_jobs();
  EXPECT_EQ(recall(Source::kMemory), 1.0) << "so few need no graph";
  engine_->update_table("t", [](Table& table) { table.indexes.clear(); });
  run_jobs();
  EXPECT_EQ(jobs("load-vectors"), 0U);
  EXPECT_EQ(jobs("build-vector-graph"), 0U);
}

TEST_F(VectorRanges, FiltersLoseNothingAndPartitionsHaveTheirOwn) {
  open(vector_index(DistanceFunction::kCosine, true));
  const auto others = [](const std::string& tenant, const std::string& color) {
    return R"(,"tenant":{"S":")" + tenant + R"("},"color":{"S":")" + color + "\"}";
  };
  for (int i = 0; i < 2000; ++i) {
    put_vector(i, random_vector(), others("large", i % 500 == 7 ? "rare" : i % 2 == 0 ? "even" : "odd"));
  }
  for (int i = 2000; i < 2500; ++i) put_vector(i, random_vector(), others("small", "even"));
  for (int i = 2500; i < 2550; ++i) put_vector(i, random_vector(), others("tiny", "even"));
  VectorSearch wanted = search_for(random_vector());
  wanted.filters.resize(1);
  const auto source_for = [&](const char* tenant) {
    wanted.partition = core::AttributeValue(tenant);
    return engine_->search_vectors(wanted).source;
  };
  for (const char* tenant : {"large", "small", "tiny"}) EXPECT_EQ(source_for(tenant), Source::kStore);
  run_jobs();
  EXPECT_EQ(source_for("tiny"), Source::kStore);
  EXPECT_EQ(source_for("small"), Source::kMemory);
  EXPECT_EQ(source_for("large"), Source::kGraph);
  const auto found_with = [&](const char* color) {
    wanted.filters[0] = core::AttributeValue(color);
    return engine_->search_vectors(wanted);
  };
  EXPECT_EQ(found_with("rare").nearest.size(), 4U);
  EXPECT_EQ(found_with("none").nearest.size(), 0U);
  const VectorMatches even = found_with("even");
  EXPECT_EQ(even.source, Source::kGraph);
  EXPECT_EQ(even.nearest.size(), kLimit);
  for (const VectorMatch& match : even.nearest) EXPECT_EQ(std::stoi(key_of_match(match).substr(1)) % 2, 0);
  // Changes only a filter's attribute.
  for (int i = 0; i < 20; i += 2) put_vector(i, vectors_.at("k" + std::to_string(i)), others("large", "rare"));
  EXPECT_EQ(found_with("rare").nearest.size(), kLimit);
  run_jobs();
  wanted.limit = 20;
  EXPECT_EQ(found_with("rare").nearest.size(), 14U);
}

TEST_F(VectorRanges, WithoutRoomForThemSearchesReadTheStore) {
  open(vector_index(DistanceFunction::kCosine, false), 10'000);
  for (int i = 0; i < 1200; ++i) put_vector(i, random_vector());
  EXPECT_EQ(recall(Source::kStore), 1.0);
  EXPECT_EQ(jobs("load-vectors"), 0U);
}

TEST_F(VectorRanges, ARangeThatGrowsOutOfItsRoomIsDropped) {
  open(vector_index(DistanceFunction::kCosine, false), std::uint64_t{2} << 20U);
  for (int i = 0; i < 200; ++i) put_vector(i, random_vector());
  search(random_vector());
  run_jobs();
  EXPECT_EQ(search(random_vector()).source, Source::kMemory);
  for (int i = 200; i < 8000; ++i) put_vector(i, random_vector());
  run_jobs();
  EXPECT_EQ(search(random_vector()).source, Source::kStore);
  EXPECT_EQ(jobs("load-vectors"), 0U);
}

TEST_F(VectorRanges, SearchesBesideWritesAnswerWhatIsThere) {
  constexpr int kItems = 1500;
  open(vector_index(DistanceFunction::kEuclidean, false));
  // An item's vector has its number n in all dimensions.
  const auto put_number = [this](int item, int number) {
    put(*engine_, table_,
        wire_of("k" + std::to_string(item), Vector(kDimensions, static_cast<float>(number)),
                R"(,"n":{"N":")" + std::to_string(number) + "\"}"));
  };
  for (int i = 0; i < kItems; ++i) put_number(i, i);
  search(Vector(kDimensions, 1));
  engine_->resume_jobs();
  std::atomic<bool> ended = false;
  std::thread writer([&] {
    std::mt19937 random(1);
    // Items with even numbers never change.
    for (int i = 0; i < 4000; ++i) {
      const int item = static_cast<int>(random() % (kItems / 2)) * 2 + 1;
      if (random() % 4 == 0) {
        remove(*engine_, table_, R"({"pk":{"S":"k)" + std::to_string(item) + R"("},"sk":{"S":"s"}})");
      } else {
        put_number(item, static_cast<int>(random() % kItems));
      }
    }
    ended = true;
  });
  std::mt19937 random(2);
  while (!ended) {
    const auto wanted = static_cast<float>(random() % kItems);
    const VectorMatches found = search(Vector(kDimensions, wanted));
    EXPECT_EQ(found.nearest.size(), kLimit);
    for (const VectorMatch& match : found.nearest) {
      const json::Item shown(match.json);
      const double number = std::stod(shown.find("n")->get_if<core::Number>()->to_string());
      EXPECT_NEAR(match.score, std::abs(number - double{wanted}) * std::sqrt(double{kDimensions}), 1e-2);
    }
  }
  writer.join();
  engine_->pause_jobs();
}

}  // namespace
}  // namespace stator::engine
