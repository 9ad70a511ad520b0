#include "core/market/owned_event.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/market/event_text.hpp"
#include "core/protocol/dialect.hpp"
#include "tests/support/places.hpp"

namespace ktape {
namespace {

std::string text_of(const Event& event) {
  std::string text;
  append_event_text(text, Timestamp{}, 0, event);
  return text;
}

// Copies each event as it passes, with what it says.
class Keeper final : public EventSink {
 public:
  void on_event(const Event& event) override {
    kept.emplace_back(event);
    said.push_back(text_of(event));
  }
  std::vector<OwnedEvent> kept;
  std::vector<std::string> said;
};

struct Dialogues {
  const char* folder;
  Dialect dialect;
};

class OwnedEvents : public testing::TestWithParam<Dialogues> {};

// Whatever the exchange can say, in every dialect: the copies say it when what they were made from is gone.
TEST_P(OwnedEvents, SayTheSameWhenTheMessageIsGone) {
  Keeper keeper;
  for (const auto& entry :
       std::filesystem::directory_iterator(test::in_source_tree("tests/golden/") + GetParam().folder)) {
    if (entry.path().extension() != ".json") continue;
    const auto codec = make_codec(GetParam().dialect);
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with('>')) continue;
      codec->decode(line, keeper);
      std::fill(line.begin(), line.end(), '#');
    }
  }
  ASSERT_GT(keeper.kept.size(), 20U);
  for (std::size_t i = 0; i < keeper.kept.size(); ++i) EXPECT_EQ(text_of(keeper.kept[i].event()), keeper.said[i]);
}

INSTANTIATE_TEST_SUITE_P(Dialects, OwnedEvents,
                         testing::Values(Dialogues{"spot_v2", Dialect::SpotV2}, Dialogues{"spot_v1", Dialect::SpotV1},
                                         Dialogues{"futures", Dialect::FuturesV1}),
                         [](const auto& of) { return std::string(of.param.folder); });

// What the client tells, and no exchange does.
TEST(OwnedEvent, KeepsWhatTheClientTells) {
  std::string symbol = "ETH/EUR";
  std::string why = "the connection is down";
  const Candle before{.symbol = symbol, .close = Decimal::parse("10.0").value(), .trades = 1};
  const std::vector<Event> events{
      BookStateChange{symbol, BookState::Invalid, why, symbol},
      LinkChange{LinkState::Down, why},
      StreamStateChange{.channel = symbol, .symbol = symbol, .state = StreamState::Stale, .reason = why},
      RequestUnanswered{7, symbol, symbol, why},
      SequenceGap{symbol, 3, 5},
      TradeGap{symbol, 3, 5},
      UnknownMessage{why},
      Heartbeat{},
      Candle{.symbol = symbol, .state = CandleState::Revised, .trades = 2, .replaces = &before}};
  Keeper keeper;
  for (const Event& event : events) keeper.on_event(event);
  symbol.assign(symbol.size(), '#');
  why.assign(why.size(), '#');
  for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(text_of(keeper.kept[i].event()), keeper.said[i]);
  const auto& revised = std::get<Candle>(keeper.kept.back().event());
  EXPECT_NE(revised.replaces, &before);
  EXPECT_EQ(revised.replaces->symbol, "ETH/EUR");
  EXPECT_EQ(revised.replaces->close.text(), "10.0");
}

TEST(OwnedEvent, StaysGoodWhenItIsMoved) {
  std::vector<OwnedEvent> events;
  for (int i = 0; i < 100; ++i) events.emplace_back(UnknownMessage{std::to_string(i)});
  std::reverse(events.begin(), events.end());
  EXPECT_EQ(std::get<UnknownMessage>(events.front().event()).what, "99");
  EXPECT_EQ(std::get<UnknownMessage>(events.back().event()).what, "0");
  EXPECT_EQ(events.front().bytes(), sizeof(OwnedEvent) + 2);
}

}  // namespace
}  // namespace ktape
