// One recording, one stream of candles, at whatever pace it is played.

#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "core/base/sha256.hpp"
#include "core/client/event_log.hpp"
#include "core/session/session_reader.hpp"
#include "replay/file_source.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"
#include "tests/support/places.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;

// Hears candles only.
class CandlesOnly final : public EventSink {
 public:
  explicit CandlesOnly(EventSink& out) : out_(out) {}
  void on_event(const Event& event) override {
    if (std::holds_alternative<Candle>(event)) out_.on_event(event);
  }

 private:
  EventSink& out_;
};

struct Played {
  std::string hash;
  std::uint64_t candles = 0;
};

// `tick`: how far the clock goes at once between two frames, as a live loop at some rate would take it. Zero: from
// frame to frame.
Played play(Duration tick) {
  auto reader = SessionReader::open(FileSource::open(test::in_source_tree("datasets/decimals.ktape")).value()).value();
  VirtualClock clock(Timestamp::min());
  Sha256 hash;
  EventLog log(clock, [&](std::string_view line) { hash.add(line); });
  std::map<ConnectionId, std::unique_ptr<CandlesOnly>> sinks;
  ClientOptions options;
  for (const int minutes : {1, 5, 15, 30, 60, 240, 1440, 10080, 21600}) {
    options.candles.intervals.emplace_back(std::chrono::minutes(minutes));
  }
  RecordedClients clients(
      Dialect::SpotV2, clock,
      [&](ConnectionId id) -> EventSink& {
        auto& sink = sinks[id];
        sink = std::make_unique<CandlesOnly>(log.of(id));
        return *sink;
      },
      options);
  Player player(*reader, clock, clients);
  bool begun = false;
  while (const auto next = player.next_at().value()) {
    if (begun && tick > Duration::zero()) {
      while (clock.now() + tick < *next) clock.advance_to(clock.now() + tick);
    }
    EXPECT_TRUE(player.step().value());
    begun = true;
  }
  return {hash.hex(), log.events()};
}

TEST(Candles, C15_OneTapeGivesOneStreamOfCandlesAtAnyPace) {
  // Two processes and other builds: tests/scripts/replay_hash_check.sh.
  const Played stepped = play(Duration::zero());
  EXPECT_GT(stepped.candles, 10U);
  EXPECT_EQ(play(1ms).hash, stepped.hash);
  EXPECT_EQ(play(1s).hash, stepped.hash);
  EXPECT_EQ(play(Duration::zero()).hash, stepped.hash);
}

}  // namespace
}  // namespace ktape
