// Replays what Kraken really sent in v1 through the whole line: archive -> frames -> codec -> client -> books.

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "core/protocol/dialect.hpp"
#include "import/archive.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"
#include "tests/support/captures.hpp"
#include "tests/support/event_log.hpp"
#include "tests/support/spot_v1_texts.hpp"

namespace ktape {
namespace {

// Counts what is told. Nothing may be unknown.
class Listener final : public EventSink {
 public:
  void on_event(const Event& event) override {
    ++by_kind[event.index()];
    if (const auto* unknown = std::get_if<UnknownMessage>(&event)) ADD_FAILURE() << unknown->what;
    if (const auto* trade = std::get_if<Trade>(&event)) {
      EXPECT_EQ(trade->trade_id, 0);
    }
  }
  template <class T>
  std::size_t count() const {
    const auto found = by_kind.find(Event(T{}).index());
    return found == by_kind.end() ? 0 : found->second;
  }
  std::map<std::size_t, std::size_t> by_kind;
};

struct Replayed {
  Listener events;
  std::uint64_t frames = 0;
  std::uint64_t checksums_verified = 0;
  std::uint64_t checksums_failed = 0;
  std::uint64_t unknown_fields = 0;
  std::size_t live_books = 0;
};

Result<std::unique_ptr<Archive>> open_capture(const std::string& file) {
  auto text = read_archive_file((*captures() / "spot-v1" / file).string());
  if (!text) return tl::unexpected<Error>(text.error());
  return open_archive(std::move(*text));
}

Replayed replay(const std::string& file) {
  Replayed out;
  auto archive = open_capture(file);
  EXPECT_TRUE(archive.has_value()) << archive.error().detail;
  EXPECT_EQ((*archive)->dialect(), Dialect::SpotV1);
  VirtualClock clock(Timestamp{});
  RecordedClients clients(Dialect::SpotV1, clock, [&](ConnectionId) -> EventSink& { return out.events; }, {});
  Player player(**archive, clock, clients);
  for (;;) {
    const auto stepped = player.step();
    EXPECT_TRUE(stepped.has_value()) << stepped.error().detail;
    if (!stepped.value_or(false)) break;
  }
  out.frames = player.frames();
  for (const auto& [connection, entry] : clients.all()) {
    out.checksums_verified += entry->client->stats().checksums_verified;
    out.checksums_failed += entry->client->stats().checksums_failed;
    out.unknown_fields += entry->codec->stats().unknown_fields;
    for (const auto& [symbol, book] : entry->client->books())
      out.live_books += book.state() == BookState::Live ? 1U : 0U;
  }
  return out;
}

TEST(SpotV1Captures, EveryChecksumOfTenDeepBooksVerifies) {
  KTAPE_REQUIRE_CAPTURES();
  const Replayed run = replay("cryptofeed_20210417_KRAKEN.ws.50.0.zst");
  EXPECT_EQ(run.frames, 4323U);
  EXPECT_EQ(run.checksums_verified, 4269U);
  EXPECT_EQ(run.checksums_failed, 0U);
  EXPECT_EQ(run.live_books, 10U);
  EXPECT_EQ(run.unknown_fields, 0U);
}

TEST(SpotV1Captures, EveryChecksumVerifiesWhereLevelsComeBackIntoSight) {
  KTAPE_REQUIRE_CAPTURES();
  const Replayed run = replay("python-kraken-sdk_xbtusd_book10.json.zst");
  EXPECT_EQ(run.frames, 1150U);
  EXPECT_EQ(run.checksums_verified, 979U);
  EXPECT_EQ(run.checksums_failed, 0U);
  EXPECT_EQ(run.live_books, 1U);
  EXPECT_EQ(run.unknown_fields, 0U);
}

TEST(SpotV1Captures, TradesAndTickersRead) {
  KTAPE_REQUIRE_CAPTURES();
  const Replayed trades = replay("cryptofeed_20210417_KRAKEN.ws.48.0");
  EXPECT_EQ(trades.events.count<Trade>(), 10U);
  EXPECT_EQ(trades.events.count<Reply>(), 10U);
  EXPECT_EQ(trades.unknown_fields, 0U);
  const Replayed tickers = replay("cryptofeed_20210417_KRAKEN.ws.49.0");
  EXPECT_EQ(tickers.events.count<Ticker>(), 18U);
  EXPECT_EQ(tickers.events.count<Heartbeat>(), 31U);
  EXPECT_EQ(tickers.unknown_fields, 0U);
}

// What is said again of a captured event means the same.
TEST(SpotV1Captures, TheServerSaysEveryCapturedEventAgain) {
  KTAPE_REQUIRE_CAPTURES();
  class Again final : public EventSink {
   public:
    void on_event(const Event& event) override {
      const auto text = test::spot_v1_text(event);
      ASSERT_TRUE(text.has_value());
      test::EventLog heard;
      test::EventLog again;
      heard.on_event(event);
      const auto codec = make_codec(Dialect::SpotV1);
      codec->decode(*text, again);
      std::string wanted = heard.text();
      const bool ticker = std::holds_alternative<Ticker>(event);
      if (const auto at = wanted.find("\"snapshot\":true"); ticker && at != std::string::npos) {
        wanted.replace(at, 15, "\"snapshot\":false");  // for which there must be a subscription
      }
      ASSERT_EQ(again.text(), wanted);
      ++events;
    }
    std::size_t events = 0;
  } again;
  for (const char* file : {"cryptofeed_20210417_KRAKEN.ws.48.0", "cryptofeed_20210417_KRAKEN.ws.49.0",
                           "crypto-msg-parser_single_frames.jsonl", "python-kraken-sdk_xbtusd_book10.json.zst"}) {
    auto archive = open_capture(file);
    ASSERT_TRUE(archive.has_value());
    const auto codec = make_codec(Dialect::SpotV1);
    for (;;) {
      const auto frame = (*archive)->next();
      ASSERT_TRUE(frame.has_value());
      if (!*frame) break;
      if ((*frame)->kind == FrameKind::Text && (*frame)->direction == Direction::FromExchange) {
        codec->decode((*frame)->payload, again);
      }
    }
  }
  EXPECT_GT(again.events, 1200U);
}

TEST(SpotV1Captures, EverySingleFrameReads) {
  KTAPE_REQUIRE_CAPTURES();
  auto archive = open_capture("crypto-msg-parser_single_frames.jsonl");
  ASSERT_TRUE(archive.has_value());
  const auto codec = make_codec(Dialect::SpotV1);
  Listener events;
  for (auto frame = (*archive)->next(); frame && *frame; frame = (*archive)->next()) {
    codec->decode((*frame)->payload, events);
  }
  EXPECT_EQ(events.count<Trade>(), 1U);
  EXPECT_EQ(events.count<BookSnapshot>(), 2U);
  EXPECT_EQ(events.count<BookUpdate>(), 2U);
  EXPECT_EQ(events.count<Spread>(), 1U);
  EXPECT_EQ(events.count<Candle>(), 1U);
  EXPECT_EQ(events.count<Ticker>(), 1U);
  EXPECT_EQ(codec->stats().unknown_fields, 0U);
}

}  // namespace
}  // namespace ktape
