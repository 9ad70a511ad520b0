#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "core/base/clock.hpp"
#include "core/market/candle_builder.hpp"
#include "core/market/event.hpp"
#include "core/market/level3_book.hpp"
#include "core/market/trade_sequence.hpp"
#include "core/wire/frame.hpp"
#include "replay/packed_book.hpp"

namespace ktape {

// A value that copies share until one of them changes it.
template <class T>
class Shared {
 public:
  explicit operator bool() const { return value_ != nullptr; }
  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  const void* identity() const { return value_.get(); }

  // Makes one if there is none, where T can be made from nothing; else there must be one.
  T& edit() {
    if (value_ == nullptr) {
      if constexpr (std::is_default_constructible_v<T>) value_ = std::make_shared<T>();
    } else if (value_.use_count() > 1) {
      value_ = std::make_shared<T>(*value_);
    }
    return *value_;
  }
  void set(T value) { value_ = std::make_shared<T>(std::move(value)); }
  void reset() { value_.reset(); }

 private:
  std::shared_ptr<T> value_;
};

struct StateOptions {
  std::vector<Duration> candle_intervals{};
  Duration candle_grace = std::chrono::milliseconds(250);  // as CandleOptions::grace
};

// What was told last, and when. Text of the event is not kept.
template <class T>
struct Told {
  Timestamp at{};
  T value{};
};

// The trades of one symbol, as far as candles that are open need them.
struct TradeFold {
  TradeSequence ids{};
  std::optional<CandleBuilder> candles{};
};

struct SymbolState {
  std::optional<BookState> book_state{};  // nothing: no book was ever subscribed
  BookCell book{};                        // levels are there only while book_state is Live

  std::optional<BookState> level3_state{};
  Shared<Level3Book> level3{};

  Shared<Told<Ticker>> ticker{};
  Shared<Told<Trade>> trade{};
  Shared<Told<Spread>> spread{};
  Shared<std::map<Duration, Told<Candle>>> exchange_candles{};  // the latest of each interval
  Shared<TradeFold> trades{};
};

// A subscription by what events say of it: channel, symbol, depth, interval in minutes.
using StreamName = std::tuple<std::string, std::string, int, int>;

struct StreamStatus {
  StreamState state = StreamState::Recovering;
  std::string reason{};
  Timestamp since{};
};

struct PairState {
  std::string status{};
  int price_places = 0;
  int quantity_places = 0;
};

struct SystemState {
  std::string system{}, version{}, api_version{};
  std::optional<std::uint64_t> connection_id{};
};

struct ConnectionState {
  std::optional<LinkState> link{};  // Up or Down; nothing before the first of either
  std::string link_detail{};        // the URL; close code and reason
  Timestamp link_since{};
  Shared<SystemState> system{};
  Shared<std::map<StreamName, StreamStatus>> streams{};
  std::set<std::tuple<std::string, std::string, int>> ended{};  // channel, symbol, interval: what comes late is dropped
  Shared<std::map<std::string, PairState, std::less<>>> pairs{};
  std::map<std::string, SymbolState, std::less<>> symbols{};
};

// All that the clients of a recording know at one instant, as a value: books, open candles, subscriptions, the last
// ticker and trade of each symbol, connections. It is the sum of their events, and cheap to copy: copies share what has
// not changed since.
//
// Events that a client makes itself (LinkChange, StreamStateChange, BookStateChange) decide what is in force; what a
// dialect's codec decodes fills it in. Either comes from a Client, or the first from a log and the second straight from
// the frames: the sum is the same.
class RecordedState {
 public:
  explicit RecordedState(StateOptions options = {}) : options_(std::move(options)) {}

  void take(Timestamp at, ConnectionId connection, const Event& event);

  // The instant that it is the state of; not before anything taken.
  void stand_at(Timestamp at) { at_ = at; }
  Timestamp at() const { return at_; }

  const std::map<ConnectionId, ConnectionState>& connections() const { return connections_; }
  const StateOptions& options() const { return options_; }

  // The candles of a symbol that are not over at at(), the longest interval first.
  std::vector<Candle> open_candles(std::string_view symbol, const SymbolState& state) const;

  // Bytes that a copy of it costs, without what `seen` holds already; adds to that.
  std::size_t footprint(std::unordered_set<const void*>& seen) const;

 private:
  class Change;

  StateOptions options_;
  Timestamp at_{};
  std::map<ConnectionId, ConnectionState> connections_;
};

// Fills a RecordedState with what the clients of a replay tell.
class StateSinks {
 public:
  // Both outlive it. `also` hears every event after the state has taken it; may be empty.
  using Also = std::function<void(ConnectionId, const Event&)>;
  StateSinks(RecordedState& state, const Clock& clock, Also also = {});
  ~StateSinks();

  EventSink& of(ConnectionId connection);

 private:
  class Sink;
  RecordedState& state_;
  const Clock& clock_;
  Also also_;
  std::map<ConnectionId, std::unique_ptr<Sink>> sinks_;
};

}  // namespace ktape
