#include "cache/store.h"

#include <gtest/gtest.h>

#include <memory>

namespace stator::cache {
namespace {

constexpr std::int64_t kNowMs = 1'000;
constexpr std::int64_t kLaterMs = 60'000;

Value text(std::string value) { return std::make_shared<const std::string>(std::move(value)); }

class StoreTest : public testing::Test {
 protected:
  void keep(const Mark& mark, Value value) {
    store.keep(key, "", std::move(value), kLaterMs, mark, Store::Validity::kUntilDropped);
  }
  void write(Value value) {
    own.begin_write();
    const Mark begun{&own, &table, own.version(), table.version()};
    store.replace(key, "", std::move(value), kLaterMs, begun);
    own.end_write(Doubt{});
  }
  [[nodiscard]] Mark mark() { return take_mark(own, table, kNowMs, true).value(); }
  [[nodiscard]] Found find() { return store.find(key, "", kNowMs); }

  Fence own;
  Fence table;
  Store store{std::size_t{8} << 20};
  const EntryKey key = make_entry_key("tab", 'i', "key");
};

TEST_F(StoreTest, NothingReadBeforeAWriteIsKeptWhileTheWriteEnds) {
  const Mark before = mark();
  own.begin_write();
  store.drop(key);
  keep(before, text("old"));
  own.end_write(Doubt{});
  EXPECT_EQ(find().freshness, Freshness::kAbsent);

  write(text("new"));
  keep(before, text("old"));
  ASSERT_EQ(find().freshness, Freshness::kFresh);
  EXPECT_EQ(*find().value, "new");
}

TEST_F(StoreTest, NothingIsKeptWhileTheTableIsWritten) {
  const Mark before = mark();
  table.begin_write();
  keep(before, text("old"));
  table.end_write();  // the write changed nothing
  EXPECT_EQ(find().freshness, Freshness::kAbsent);
  keep(before, text("still so"));
  EXPECT_EQ(find().freshness, Freshness::kFresh);
}

TEST_F(StoreTest, OnlyTheEchoOfAWriteThroughHereIsNoNews) {
  write(text("a"));
  EXPECT_FALSE(store.note_change(key, true, text("a")));
  EXPECT_EQ(find().freshness, Freshness::kFresh);
  EXPECT_TRUE(store.note_change(key, true, text("b")));
  EXPECT_EQ(find().freshness, Freshness::kAbsent);

  keep(mark(), text("b"));
  EXPECT_TRUE(store.note_change(key, true, text("b"))) << "somebody else wrote what was read here meanwhile";
  write(nullptr);
  EXPECT_FALSE(store.note_change(key, true, nullptr));
}

}  // namespace
}  // namespace stator::cache
