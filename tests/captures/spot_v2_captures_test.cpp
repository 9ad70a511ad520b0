// Replays what Kraken really sent through the whole line: archive -> frames -> codec -> client -> books.

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "core/protocol/dialect.hpp"
#include "import/archive.hpp"
#include "replay/player.hpp"
#include "replay/recorded_transport.hpp"
#include "tests/support/captures.hpp"

namespace ktape {
namespace {

class Counter final : public EventSink {
 public:
  void on_event(const Event& event) override {
    ++by_kind[event.index()];
    if (const auto* unknown = std::get_if<UnknownMessage>(&event)) ADD_FAILURE() << unknown->what;
    if (const auto* change = std::get_if<BookStateChange>(&event)) {
      EXPECT_NE(change->state, BookState::Invalid) << change->reason;
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
  Counter events;
  ClientStats stats;
  std::uint64_t frames = 0;
  std::uint64_t unknown_fields = 0;
  bool all_live = true;
  std::uint64_t unknown_removals = 0;
};

Replayed replay(const std::string& file) {
  Replayed out;
  auto text = read_archive_file((*captures() / "spot-v2" / file).string());
  EXPECT_TRUE(text.has_value()) << text.error().detail;
  auto archive = open_archive(std::move(text).value());
  EXPECT_TRUE(archive.has_value()) << archive.error().detail;
  EXPECT_EQ((*archive)->dialect(), Dialect::SpotV2);

  VirtualClock clock(Timestamp{});
  const auto codec = make_codec(Dialect::SpotV2);
  RecordedTransport transport;
  Client client(transport, *codec, clock, out.events, {});
  client.start();
  Player player(**archive, clock, transport);
  for (;;) {
    const auto stepped = player.step();
    EXPECT_TRUE(stepped.has_value()) << stepped.error().detail;
    if (!stepped.value_or(false)) break;
  }
  out.frames = player.frames();
  out.stats = client.stats();
  out.unknown_fields = codec->stats().unknown_fields;
  for (const auto& [symbol, book] : client.books()) {
    out.all_live = out.all_live && book.state() == BookState::Live;
    out.unknown_removals += book.unknown_removals();
  }
  return out;
}

TEST(SpotV2Captures, EveryChecksumOfTheBtcUsdBookVerifies) {
  KTAPE_REQUIRE_CAPTURES();
  const Replayed run = replay("crossbook_btcusd_book25.cbcap.zst");
  EXPECT_EQ(run.frames, 2104U);
  EXPECT_EQ(run.stats.checksums_verified, 2052U);
  EXPECT_EQ(run.stats.checksums_failed, 0U);
  EXPECT_EQ(run.unknown_removals, 0U);
  EXPECT_TRUE(run.all_live);
}

TEST(SpotV2Captures, EveryChecksumOfTheEthUsdBookVerifies) {
  KTAPE_REQUIRE_CAPTURES();
  const Replayed run = replay("crossbook_ethusd_book25.cbcap.zst");
  EXPECT_EQ(run.frames, 1170U);
  EXPECT_EQ(run.stats.checksums_verified, 1129U);
  EXPECT_EQ(run.stats.checksums_failed, 0U);
  EXPECT_EQ(run.unknown_removals, 0U);
}

TEST(SpotV2Captures, EveryChecksumVerifiesThroughManyResubscriptions) {
  KTAPE_REQUIRE_CAPTURES();
  const Replayed run = replay("crossbook_btcusd_book10_resubscribe.cbcap");
  EXPECT_EQ(run.frames, 377U);
  EXPECT_EQ(run.stats.checksums_verified, 301U);
  EXPECT_EQ(run.stats.checksums_failed, 0U);
  EXPECT_EQ(run.events.count<BookSnapshot>(), 5U);
  EXPECT_EQ(run.events.count<Reply>(), 15U);
}

TEST(SpotV2Captures, EveryChecksumVerifiesWhereNumbersWerePrintedAgain) {
  KTAPE_REQUIRE_CAPTURES();
  const Replayed run = replay("python-kraken-sdk_btcusd_book10_reserialised.json.zst");
  EXPECT_EQ(run.frames, 510U);
  EXPECT_EQ(run.stats.checksums_verified, 510U);
  EXPECT_EQ(run.stats.checksums_failed, 0U);
}

TEST(SpotV2Captures, TradesComeWithoutAHoleOrARepetition) {
  KTAPE_REQUIRE_CAPTURES();
  const Replayed run = replay("mdp-outbox_btc_eth_trade.jsonl");
  EXPECT_EQ(run.frames, 12U);
  EXPECT_EQ(run.events.count<Trade>(), 102U);
  EXPECT_EQ(run.stats.trade_gaps, 0U);
  EXPECT_EQ(run.stats.duplicate_trades, 0U);
}

TEST(SpotV2Captures, TheInstrumentSnapshotReads) {
  KTAPE_REQUIRE_CAPTURES();
  const Replayed run = replay("kraken-data-recorder_instrument_snapshot.json.zst");
  EXPECT_EQ(run.frames, 1U);
  EXPECT_EQ(run.events.count<InstrumentUpdate>(), 1U);
}

}  // namespace
}  // namespace ktape
