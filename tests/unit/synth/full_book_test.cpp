#include "synth/full_book.hpp"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synth/random.hpp"

namespace ktape::synth {
namespace {

using testing::ElementsAre;

std::vector<Lots> entries(const BookStep& step, int depth) {
  std::vector<Lots> out;
  step.append_to(depth_index(depth), out);
  return out;
}

FullSide ladder(Side side, std::int64_t levels) {
  FullSide book(side);
  for (std::int64_t i = 0; i < levels; ++i) book.set({book.away(1000, i * 10), 5});
  return book;
}

TEST(FullSide, KeepsBidsAndAsksBestFirst) {
  EXPECT_EQ(ladder(Side::Buy, 3).at(0).ticks, 1000);
  EXPECT_EQ(ladder(Side::Buy, 3).at(2).ticks, 980);
  EXPECT_EQ(ladder(Side::Sell, 3).at(2).ticks, 1020);
}

TEST(FullSide, ARemovalInsideTheWindowBringsInTheNextLevelAtItsFarEnd) {
  FullSide asks = ladder(Side::Sell, 30);
  const BookStep step = asks.set({1000, 0});
  EXPECT_THAT(entries(step, 10), ElementsAre(Lots{1000, 0}, Lots{1100, 5}));
  EXPECT_THAT(entries(step, 25), ElementsAre(Lots{1000, 0}, Lots{1250, 5}));
  EXPECT_THAT(entries(step, 100), ElementsAre(Lots{1000, 0})) << "there is no hundredth level to come in";
}

TEST(FullSide, ALevelBehindTheWindowIsNoNews) {
  FullSide asks = ladder(Side::Sell, 30);
  EXPECT_THAT(entries(asks.set({1100, 7}), 10), ElementsAre());
  EXPECT_THAT(entries(asks.set({1100, 0}), 10), ElementsAre());
  EXPECT_THAT(entries(asks.set({1105, 1}), 10), ElementsAre());
}

TEST(FullSide, AnInsertionPushesTheWorstLevelOutSilently) {
  FullSide bids = ladder(Side::Buy, 30);
  EXPECT_THAT(entries(bids.set({1001, 9}), 10), ElementsAre(Lots{1001, 9}));
  EXPECT_THAT(entries(bids.set({925, 9}), 10), ElementsAre(Lots{925, 9})) << "rank 9";
  EXPECT_THAT(entries(bids.set({924, 9}), 10), ElementsAre()) << "rank 10";
}

// The rule as spot-v2 section 5.3 words it, by comparison of whole views.
std::vector<Lots> compare_views(const std::vector<Lots>& before, const std::vector<Lots>& after, const FullSide& book) {
  const auto find = [](const std::vector<Lots>& view, std::int64_t ticks) {
    return std::ranges::find(view, ticks, &Lots::ticks);
  };
  std::vector<Lots> news;
  for (const Lots& old : before) {
    if (find(after, old.ticks) != after.end()) continue;
    bool exists = false;
    for (std::size_t rank = 0; rank < book.size(); ++rank) exists = exists || book.at(rank).ticks == old.ticks;
    if (!exists) news.push_back({old.ticks, 0});
  }
  for (const Lots& now : after) {
    const auto old = find(before, now.ticks);
    if (old == before.end() || old->quantity != now.quantity) news.push_back(now);
  }
  return news;
}

TEST(FullSide, StepsSayWhatTheComparisonOfViewsSays) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    FullSide book = ladder(seed % 2 == 0 ? Side::Buy : Side::Sell, 27);
    const auto view = [&book](std::size_t depth) {
      std::vector<Lots> levels;
      for (std::size_t rank = 0; rank < std::min(depth, book.size()); ++rank) levels.push_back(book.at(rank));
      return levels;
    };
    for (int i = 0; i < 200; ++i) {
      const auto before10 = view(10);
      const auto before25 = view(25);
      Lots level{random.between(800, 1200), random.between(1, 1'000'000)};
      if (random.chance(500) && book.size() > 5) {
        level = {book.at(static_cast<std::size_t>(random.below(book.size()))).ticks, 0};
      }
      const BookStep step = book.set(level);
      ASSERT_THAT(entries(step, 10), testing::UnorderedElementsAreArray(compare_views(before10, view(10), book)));
      ASSERT_THAT(entries(step, 25), testing::UnorderedElementsAreArray(compare_views(before25, view(25), book)));
    }
  }
}

}  // namespace
}  // namespace ktape::synth
