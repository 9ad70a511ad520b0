#pragma once

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "core/market/event_text.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/loopback.hpp"
#include "tests/support/bad_line.hpp"

// A client that goes through a time of trouble, and what it has to be afterwards.
namespace ktape::test {

inline constexpr Duration kTrouble = std::chrono::seconds(40);
inline const Timestamp kTroubleStart = parse_rfc3339("2026-09-01T08:00:00Z").value();

// What was asked for and what came of it, for people; and whether the client has said that it gave something up.
class Diary final : public FrameSink, public ClientNotices, public EventSink {
 public:
  Diary(const Clock& clock, EventSink& next) : clock_(clock), next_(next) {}

  void on_frame(const Frame& frame) override {
    if (frame.direction == Direction::ToExchange) note(fmt::format("> {}", frame.payload));
    if (frame.kind != FrameKind::Text) note(fmt::format("{} {}", to_string(frame.kind), frame.payload));
  }
  void on_event(const Event& event) override {
    next_.on_event(event);
    std::visit(
        [this, &event](const auto& what) {
          using What = std::remove_cvref_t<decltype(what)>;
          if constexpr (std::is_same_v<What, Reply> || std::is_same_v<What, RequestUnanswered> ||
                        std::is_same_v<What, StreamStateChange> || std::is_same_v<What, SequenceGap>) {
            std::string line;
            append_event_text(line, {}, 0, event);
            note(line);
          }
        },
        event);
  }
  void failed(const Error& what) override { note("failed: " + what.detail); }
  void not_sent(std::int64_t id, const Error& why) override {
    if (why.code != Errc::Io) gave_up_ = true;  // an account that refuses is not asked for ever
    note(fmt::format("not sent {}: {}", id, why.detail));
  }

  bool gave_up() const { return gave_up_; }
  std::string text() const {
    std::string all;
    for (const std::string& line : lines_) all += "  " + line + "\n";
    return all;
  }

 private:
  void note(const std::string& line) {
    lines_.push_back(fmt::format("{} {}", format_rfc3339(clock_.now(), 3).substr(14), line));
    if (lines_.size() > 60) lines_.pop_front();
  }

  const Clock& clock_;
  EventSink& next_;
  std::deque<std::string> lines_;
  bool gave_up_ = false;
};

struct Trial {
  Dialect dialect;
  std::vector<Subscription> wanted;
  bool garbles;
};

// What is wrong at the end; empty if nothing is.
template <class Knows>
std::string run_in_trouble(Exchange& market, VirtualClock& exchange_clock, const Trial& trial, std::uint64_t seed,
                           Authoriser* authoriser, EventSink& events, Knows knows) {
  VirtualClock client_clock(kTroubleStart);
  test::BadLine line(market, exchange_clock, seed, kTroubleStart + kTrouble, trial.garbles);
  Loopback loopback(line, client_clock, exchange_clock);
  const auto transport = loopback.make_transport(ConnectionId{1});
  const auto codec = make_codec(trial.dialect);
  ClientOptions options;
  options.endpoint = Endpoint::parse("wss://exchange/").value();
  options.reconnect = {.delay = std::chrono::seconds(1),
                       .jitter = std::chrono::milliseconds(500),
                       .longest_delay = std::chrono::seconds(8)};
  options.seed = seed;
  options.authoriser = authoriser;
  Diary diary(client_clock, events);
  options.frames = &diary;
  options.notices = &diary;
  Client client(*transport, *codec, client_clock, diary, options);
  for (const Subscription& each : trial.wanted) {
    if (const auto done = client.subscribe(each); !done) return done.error().detail;
  }
  client.start();
  loopback.run_until(kTroubleStart + kTrouble + std::chrono::seconds(100));

  std::string wrong;
  if (!client.connected()) wrong += "it is not connected\n";
  for (const auto& [key, stream] : client.streams()) {
    if (stream.state == StreamState::Live) continue;
    if (diary.gave_up()) return {};                                              // and so does this
    if (stream.state == StreamState::Dead && !stream.reason.empty()) return {};  // and says why
    wrong += fmt::format("{} is {}: {}\n", to_string(key.channel), to_string(stream.state), stream.reason);
  }
  if (client.streams().size() < trial.wanted.size()) {
    if (diary.gave_up()) return {};
    wrong += "a stream is missing\n";
  }
  bool equal = false;
  for (int tries = 0; tries < 100 && !equal; ++tries) {
    equal = knows(client);
    if (!equal) loopback.run_until(client_clock.now() + std::chrono::milliseconds(20));
  }
  if (!equal) wrong += "it does not know what is\n";
  return wrong.empty() ? wrong : wrong + "after\n" + diary.text();
}

// KTAPE_SIMULATION_SEEDS=10000 runs as many; a failure prints its seed, and KTAPE_SIMULATION_FIRST=seed begins there.
inline void for_each_seed(const std::function<std::string(std::uint64_t)>& run_one) {
  const auto number = [](const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  };
  const std::uint64_t first = number("KTAPE_SIMULATION_FIRST", 1);
  const std::uint64_t seeds = number("KTAPE_SIMULATION_SEEDS", 20);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    ASSERT_EQ(run_one(seed), "") << "with KTAPE_SIMULATION_FIRST=" << seed;
  }
}

}  // namespace ktape::test
