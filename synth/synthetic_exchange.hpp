#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/wire/exchange.hpp"
#include "exchange/spot_v2_front.hpp"
#include "synth/link.hpp"
#include "synth/options.hpp"

namespace ktape::synth {

// Kraken's public Spot v2 endpoint with markets made from a seed. The markets run on the exchange's own time from
// options.start on, whoever listens; frames reach a client after a delay, in order. Clients that say the same at the
// same time hear the same, and one seed gives the same bytes on every machine.
//
// A subscription is answered after 15 to 80 us; its snapshot arrives some 50 to 100 ms later. Each event of a market
// makes at most one message per subscription. options.duration after the start all connections are closed with 1001,
// and later ones at once.
class SyntheticExchange final : public Exchange, private SpotV2Front::Backend {
 public:
  // `timers` outlives the exchange; options.start must not be in its past.
  static Result<std::unique_ptr<SyntheticExchange>> create(SyntheticOptions options, TimerService& timers);
  ~SyntheticExchange() override;

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void on_frame(const Frame& frame) override { front_.on_frame(frame); }

  Timestamp end() const { return options_.start + options_.duration; }

 private:
  class Board;  // one symbol: its market and how it is told
  using StreamId = std::uint64_t;

  // A subscription of one connection.
  struct Stream {
    StreamId id = 0;
    Board* board = nullptr;   // none for instrument
    std::size_t variant = 0;  // index of the depth or of the interval
    bool live = false;        // told what happens; before that, the snapshot is still to come
    Timer snapshot;
  };
  struct Letter {
    Timestamp at;
    StreamId stream;  // kNoStream for a heartbeat
    std::string text;
  };
  // What is under way to and from one connection.
  struct Line {
    std::map<Feed, Stream> streams;
    std::deque<Letter> letters;
    Timer delivery;
    Timestamp last_delivery{};
    std::deque<FeedRequest> requests;  // in the order they will be answered
    Timestamp last_answer{};
    std::vector<Timer> answers;
    Timer heartbeat;
    Timestamp next_beat{};
  };
  static constexpr StreamId kNoStream = 0;

  SyntheticExchange(SyntheticOptions options, TimerService& timers);

  bool is_listed(std::string_view symbol) const override;
  void on_attached(ConnectionId connection) override;
  std::string greeting(ConnectionId connection) override;
  void on_request(const FeedRequest& request) override;
  void on_detached(ConnectionId connection) override;

  Board* board(std::string_view symbol) const;
  void run_market(std::size_t index);
  void answer(ConnectionId connection);
  void open_stream(ConnectionId connection, Line& line, const FeedRequest& request);
  void send_snapshot(ConnectionId connection, const Feed& feed);
  std::string snapshot_text(const Feed& feed, Stream& stream);
  void beat(ConnectionId connection);
  void post(ConnectionId connection, Line& line, Timestamp arrival, StreamId stream, std::string text);
  void deliver(ConnectionId connection);
  void set_delivery(ConnectionId connection, Line& line);
  void finish();
  // A span from `shortest` to `longest` that follows from the seed, the present and `salt`.
  Duration jitter(Duration shortest, Duration longest, std::uint64_t salt) const;

  SyntheticOptions options_;
  TimerService& timers_;
  SpotV2Front front_;
  Link link_;
  std::vector<std::unique_ptr<Board>> boards_;
  std::string instruments_;
  std::map<ConnectionId, Line> lines_;
  StreamId last_stream_ = kNoStream;
  bool ended_ = false;
  Timer end_;
};

}  // namespace ktape::synth
