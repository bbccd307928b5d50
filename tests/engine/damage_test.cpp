// Damaged bytes: only what needs them fails, always with the same type of error, and no change is made in part.

#include <signal.h>
#include <sys/resource.h>

#include <array>

#include "core/damage_error.h"
#include "engine/support.h"
#include "store/store.h"

namespace stator::engine {
namespace {

std::string numbered(int i) {
  const std::string n = std::to_string(i);
  return R"({"pk":{"S":"p"},"sk":{"S":")" + n + R"("},"l":{"S":"l)" + n + R"("},"data":{"S":"d)" + n + "\"}}";
}

/// A table with a local index that projects keys only, three items, and functions that damage the store's bytes.
class Damage : public testing::Test {
 protected:
  Damage() {
    engine_ = open(directory_.path());
    engine_->create_table(make_table(
        "t", {make_index("lsi", false, {{key_attribute("pk")}, {key_attribute("l")}}, ProjectionType::kKeysOnly)}));
    table_ = engine_->usable_table("t");
    for (int i = 1; i <= 3; ++i) put(*engine_, table_, numbered(i));
  }

  void change_bytes(const std::function<void(store::Batch&)>& change) {
    engine_.reset();
    {
      const auto store = store::Store::open({directory_.path()});
      store::Batch batch;
      change(batch);
      store->write(batch);
    }
    engine_ = open(directory_.path());
    table_ = engine_->usable_table("t");
  }

  [[nodiscard]] std::string key(int i) const { return key_of(*table_, numbered(i)).encoded; }

  [[nodiscard]] PageRequest with_items_fetched() const {
    PageRequest request = scan(table_, "lsi");
    request.fetch_from_table = true;
    return request;
  }

  template <class Work>
  static std::string damage_of(Work work) {
    try {
      work();
    } catch (const core::DamageError& error) {
      return error.what();
    }
    return "no damage";
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Engine> engine_;
  TablePtr table_;
};

TEST_F(Damage, AnIndexEntryWithoutItsItemIsNotAnsweredWithTheItemBefore) {
  EXPECT_EQ(read_all(*engine_, with_items_fetched()).size(), 3U);
  change_bytes([this](store::Batch& batch) { batch.remove(key(2)); });
  const std::string told = damage_of([this] { read_all(*engine_, with_items_fetched()); });
  EXPECT_EQ(told.substr(0, told.find("key")), "table t, index lsi: ");
  EXPECT_NE(told.find("an index entry has no item"), std::string::npos) << told;
  EXPECT_EQ(told.find("d1"), std::string::npos) << "no item's content in the log";
  EXPECT_EQ(read_all(*engine_, scan(table_, "lsi")).size(), 3U) << "the index alone can be read";
  EXPECT_EQ(read_all(*engine_, scan(table_)).size(), 2U);
}

TEST_F(Damage, OfAnItemFailsOnlyWhatNeedsTheItem) {
  struct Row {
    const char* what;
    std::string_view bytes;
  };
  for (const Row& row : {Row{"no header", ""}, Row{"an unknown kind", "\xff"},
                         Row{"a size without end", std::string_view("\x00\xff\xff", 3)},
                         Row{"JSON cut off", std::string_view("\x00\x05{\"pk\":{\"S\":", 12)}}) {
    SCOPED_TRACE(row.what);
    change_bytes([this, &row](store::Batch& batch) { batch.put(key(2), row.bytes); });
    const TableCounts before = engine_->counts(*table_);
    const auto set = update("SET v = :v", R"({":v":{"S":"x"}})");
    for (int attempt = 0; attempt < 2; ++attempt) {  // the second would wait for a lock left by the first
      EXPECT_EQ(damage_of([&] { change(*engine_, table_, numbered(2), set); }).substr(0, 7), "table t");
      EXPECT_NE(damage_of([&] { put(*engine_, table_, numbered(2)); }), "no damage") << "its index entry is not known";
      EXPECT_NE(damage_of([&] { remove(*engine_, table_, numbered(2)); }), "no damage");
    }
    const auto wanted = condition("attribute_exists(pk)");
    PageRequest filtered = scan(table_);
    filtered.filter = &wanted;
    EXPECT_NE(damage_of([&] { read_all(*engine_, filtered); }), "no damage");

    const auto fresh = item(R"({"pk":{"S":"q"},"sk":{"S":"1"},"l":{"S":"l"}})");
    std::array<WriteAction, 2> actions;
    for (WriteAction& action : actions) action.table = table_;
    actions[0].kind = WriteKind::kPut;
    actions[0].item = &fresh;
    actions[0].key = key_of(*table_, fresh.json);
    actions[1].kind = WriteKind::kUpdate;
    actions[1].update = &set;
    actions[1].key = key_of(*table_, numbered(2));
    EXPECT_NE(damage_of([&] { engine_->transact_write(actions); }), "no damage");
    EXPECT_EQ(get(*engine_, table_, fresh.json), "") << "half a transaction";
    EXPECT_EQ(engine_->counts(*table_).table.items, before.table.items);

    EXPECT_EQ(get(*engine_, table_, numbered(1)), numbered(1));
    change(*engine_, table_, numbered(3), set);
    put(*engine_, table_, numbered(3));
  }
}

TEST_F(Damage, OfACountersRowFailsItsTableAlone) {
  engine_->create_table(make_table("other"));
  change_bytes([this](store::Batch& batch) {
    std::string row = std::string(4, '\0') + "C";
    store::append_space(table_->space, row);
    batch.put(row + "\x01", "\xff");
  });
  EXPECT_EQ(damage_of([&] { put(*engine_, table_, numbered(4)); }).substr(0, 7), "table t");
  EXPECT_EQ(damage_of([&] { (void)engine_->counts(*table_); }).substr(0, 7), "table t") << "tried again, told again";
  EXPECT_EQ(get(*engine_, table_, numbered(1)), numbered(1));
  put(*engine_, engine_->usable_table("other"), numbered(1));
}

/// While this object exists, no file grows beyond `bytes`: a write fails half way.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(Damage, AWriteThatTheDiskRefusesChangesNeitherItemsNorCounts) {
  const TableCounts before = engine_->counts(*table_);
  const std::string large =
      R"({"pk":{"S":"p"},"sk":{"S":"9"},"l":{"S":"l"},"data":{"S":")" + std::string(300'000, 'x') + "\"}}";
  {
    const FileSizeLimit limit(100'000);
    EXPECT_THROW(put(*engine_, table_, large), store::StoreError);
    EXPECT_EQ(engine_->counts(*table_).table.items, before.table.items);
    EXPECT_EQ(engine_->counts(*table_).table.size_bytes, before.table.size_bytes);
    EXPECT_EQ(get(*engine_, table_, large), "");
  }
  engine_.reset();
  engine_ = open(directory_.path());
  table_ = engine_->usable_table("t");
  EXPECT_EQ(engine_->counts(*table_).table.items, before.table.items);
  EXPECT_EQ(read_all(*engine_, scan(table_)).size(), before.table.items);
  EXPECT_EQ(read_all(*engine_, scan(table_, "lsi")).size(), before.table.items);
}

}  // namespace
}  // namespace stator::engine
