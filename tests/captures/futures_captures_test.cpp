// What Kraken Futures really sent, through the codec and a client.

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "core/protocol/futures/classify.hpp"
#include "import/archive.hpp"
#include "replay/recorded_clients.hpp"
#include "tests/support/captures.hpp"

namespace ktape::futures {
namespace {

struct Tally final : EventSink {
  void on_event(const Event& event) override {
    if (const auto* unknown = std::get_if<UnknownMessage>(&event)) ADD_FAILURE() << unknown->what;
    updates += std::holds_alternative<BookUpdate>(event) ? 1 : 0;
    gaps += std::holds_alternative<TradeGap>(event) ? 1 : 0;
    timeouts += std::holds_alternative<RequestUnanswered>(event) ? 1 : 0;
    if (const auto* trade = std::get_if<Trade>(&event)) (trade->snapshot ? history : trades) += 1;
    if (const auto* reply = std::get_if<Reply>(&event)) matched += reply->request_id ? 1 : 0;
  }
  int updates = 0, gaps = 0, timeouts = 0, history = 0, trades = 0, matched = 0;
};

void replay(const char* name, Tally& tally, ClientStats& stats, CodecStats& understood) {
  auto text = read_archive_file((*captures() / "futures-v1" / name).string());
  ASSERT_TRUE(text.has_value()) << text.error().detail;
  const auto archive = open_archive(std::move(text).value());
  ASSERT_TRUE(archive.has_value()) << archive.error().detail;
  ASSERT_EQ((*archive)->dialect(), Dialect::FuturesV1);
  VirtualClock clock(Timestamp::min());
  RecordedClients clients(Dialect::FuturesV1, clock, [&](ConnectionId) -> EventSink& { return tally; }, {});
  while (true) {
    const auto frame = (*archive)->next();
    ASSERT_TRUE(frame.has_value()) << frame.error().detail;
    if (!*frame) break;
    clock.advance_to(std::max(clock.now(), (*frame)->at));
    clients.on_frame(**frame);
    if ((*frame)->kind == FrameKind::Text) {
      EXPECT_FALSE(classify((*frame)->payload).channel.empty());
    }
  }
  ASSERT_EQ(clients.all().size(), 1U);
  const auto& entry = *clients.all().begin()->second;
  stats = entry.client->stats();
  understood = entry.codec->stats();
}

TEST(FuturesCaptures, TheSequenceOfBooksAndTradesIsWhole) {
  KTAPE_REQUIRE_CAPTURES();
  Tally tally;
  ClientStats stats;
  CodecStats understood;
  replay("cryptofeed_20210722_KRAKEN_FUTURES.ws.1.0.zst", tally, stats, understood);
  EXPECT_EQ(understood.messages, 7'175U);
  EXPECT_EQ(understood.unknown_messages, 0U);
  EXPECT_EQ(understood.unknown_fields, 0U);
  EXPECT_EQ(stats.sequences_verified, 7'014U);
  EXPECT_EQ(stats.sequences_failed, 0U);
  EXPECT_EQ(stats.duplicate_updates, 0U);
  EXPECT_EQ(tally.updates, 7'014);
  EXPECT_EQ(tally.history, 1'000);
  EXPECT_EQ(tally.trades, 3);
  EXPECT_EQ(tally.gaps, 0);
  EXPECT_EQ(tally.matched, 30) << "three requests of ten products";
  EXPECT_EQ(tally.timeouts, 0);
}

TEST(FuturesCaptures, EverySingleFrameReads) {
  KTAPE_REQUIRE_CAPTURES();
  Tally tally;
  ClientStats stats;
  CodecStats understood;
  replay("crypto-msg-parser_single_frames.jsonl", tally, stats, understood);
  EXPECT_EQ(understood.messages, 10U);
  EXPECT_EQ(understood.unknown_messages, 0U);
  EXPECT_EQ(understood.unknown_fields, 0U);
  EXPECT_EQ(tally.history, 4);
  EXPECT_EQ(tally.trades, 2);
}

}  // namespace
}  // namespace ktape::futures
