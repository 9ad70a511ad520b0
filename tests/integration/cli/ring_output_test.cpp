// What snapshot mode writes can be played without what came before.
#include "cli/record/ring_output.hpp"

#include <gmock/gmock.h>

#include "core/base/virtual_clock.hpp"
#include "replay/recorded_clients.hpp"
#include "replay/session_files.hpp"
#include "tests/integration/cli/ktape_program.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;
using cli::RecordConfig;
using cli::RingOutput;
using cli::TriggerKind;

// Counts what went wrong.
class Complaints final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (std::holds_alternative<TradeGap>(event)) ++gaps;
    if (std::holds_alternative<UnknownMessage>(event)) ++unknown;
  }
  int gaps = 0;
  int unknown = 0;
};

struct Played {
  std::string books;  // each with all its levels, as text
  std::uint64_t verified = 0;
  std::uint64_t failed = 0;
  int gaps = 0;
  int unknown = 0;
};

Played play(const std::string& path) {
  const auto reader = open_segment(path).value();
  VirtualClock clock{Timestamp{}};
  Complaints complaints;
  RecordedClients clients(Dialect::SpotV2, clock, [&](ConnectionId) -> EventSink& { return complaints; }, {});
  while (const auto frame = reader->next().value()) {
    if (frame->kind == FrameKind::Closed) break;  // after which no book is live
    clock.advance_to(frame->at);
    clients.on_frame(*frame);
  }
  Played out;
  for (const auto& [id, entry] : clients.all()) {
    out.verified += entry->client->stats().checksums_verified;
    out.failed += entry->client->stats().checksums_failed;
    for (const auto& [symbol, book] : entry->client->books()) {
      out.books += symbol + (book.state() == BookState::Live ? " live" : " not live") + "\n";
      for (const auto& side : {book.bids(), book.asks()}) {
        for (const Level& level : side) out.books += level.price.text() + " " + level.quantity.text() + "\n";
      }
    }
  }
  out.gaps = complaints.gaps;
  out.unknown = complaints.unknown;
  return out;
}

class Ring : public ::testing::Test {
 protected:
  Ring() {
    config.output = folder.file("{reason}-{utc}.ktape");
    config.sync_interval = 1s;
    config.level = 1;
    config.queue_bytes = std::size_t{8} << 20U;
    config.ring = cli::RingConfig{
        .span = 5s, .bytes = std::size_t{64} << 20U, .triggers = {TriggerKind::Checksum}, .after = 3s, .cooldown = 10s};
  }
  // Feeds the market to a ring; `when` is asked after each frame.
  void feed(RingOutput& ring, VirtualClock& clock, const std::function<void(const Frame&)>& when) const {
    const auto reader = open_segment(market).value();
    while (const auto frame = reader->next().value()) {
      clock.advance_to(frame->at);
      // The market's last word would end what follows.
      if (frame->kind == FrameKind::Closed) break;
      ring.on_frame(*frame);
      when(*frame);
    }
  }
  Timestamp start() const { return open_segment(market).value()->next().value()->at; }

  TemporaryFolder folder;
  std::string market = make_market(folder, "30s");
  RecordConfig config;
  static constexpr RedactionKey kKey{1, 2, 3};
  Redactor redactor{kKey};
};

TEST_F(Ring, WritesAFileWhoseBooksAreThoseOfTheWholeSession) {
  VirtualClock clock(start());
  std::vector<std::string> said;
  RingOutput ring(config, clock, kKey, redactor, [&](std::string_view line) { said.emplace_back(line); });
  feed(ring, clock, [](const Frame&) {});
  ASSERT_TRUE(ring.trigger({TriggerKind::Checksum, "a test"}));
  ASSERT_TRUE(ring.finish().has_value());
  ASSERT_EQ(ring.paths().size(), 1U);
  EXPECT_EQ(said.size(), 2U);

  const Played whole = play(market);
  const Played part = play(ring.paths()[0]);
  EXPECT_GT(part.verified, 100U);
  EXPECT_LT(part.verified, whole.verified / 2) << "it was not the whole session";
  EXPECT_EQ(part.failed, 0U);
  EXPECT_EQ(part.gaps, 0);
  EXPECT_EQ(part.unknown, 0);
  EXPECT_EQ(part.books, whole.books);
}

TEST_F(Ring, EndsAFileAfterAWhileAndWaitsBeforeTheNext) {
  VirtualClock clock(start());
  const Timestamp begin = clock.now();
  RingOutput ring(config, clock, kKey, redactor, [](std::string_view) {});
  std::vector<bool> begun;
  Timestamp next = begin + 6s;
  feed(ring, clock, [&](const Frame& frame) {
    if (frame.at < next || begun.size() == 5) return;
    begun.push_back(ring.trigger({TriggerKind::Checksum, "a test"}));
    EXPECT_FALSE(ring.trigger({TriggerKind::Disconnect, "not wanted"}));
    next += 4s;  // 6: begins; 10: cooling; 14: cooling; 18: cooling; 22: begins
  });
  ASSERT_TRUE(ring.finish().has_value());
  EXPECT_EQ(begun, (std::vector<bool>{true, false, false, false, true}));
  EXPECT_EQ(ring.figures().incidents, 2U);
  ASSERT_EQ(ring.paths().size(), 2U);
  for (const std::string& path : ring.paths()) {
    const Played played = play(path);
    EXPECT_GT(played.verified, 100U);
    EXPECT_EQ(played.failed, 0U);
    // Frames of five seconds before the trigger and of three after it.
    const auto reader = open_segment(path).value();
    const auto summary = reader->summary().value();
    EXPECT_EQ(reader->state(), SessionState::Sealed);
    EXPECT_GE(*summary.last_at - *summary.first_at, 7s);
    EXPECT_LE(*summary.last_at - *summary.first_at, 9s);
  }
}

TEST_F(Ring, GoesOnWhenAFileCannotBeWritten) {
  config.output = folder.file("no/such/folder/{reason}-{utc}.ktape");
  VirtualClock clock(start());
  std::vector<std::string> said;
  RingOutput ring(config, clock, kKey, redactor, [&](std::string_view line) { said.emplace_back(line); });
  feed(ring, clock, [](const Frame&) {});
  EXPECT_FALSE(ring.trigger({std::nullopt, "asked"}));
  EXPECT_TRUE(ring.status().has_value());
  ASSERT_EQ(said.size(), 1U);
  EXPECT_THAT(said[0], ::testing::HasSubstr("no/such/folder"));
  EXPECT_FALSE(ring.finish().has_value()) << "the exit code tells";
}

}  // namespace
}  // namespace ktape::test
