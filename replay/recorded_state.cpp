#include "replay/recorded_state.hpp"

#include <algorithm>
#include <utility>

#include "core/protocol/codec.hpp"
#include "replay/lookahead.hpp"
#include "replay/spot_v2_recording.hpp"

namespace ktape {
namespace {

// Candles that are over matter only until late trades have had their time; trades older than they are change no open
// candle but the longer ones, which take them themselves.
constexpr std::size_t kKeptCandles = 2;

// Kraken's words for a subscription that stood before it was asked for; see Client.
bool stands_already(const Reply& reply) {
  return reply.error == "Already subscribed" || reply.error.starts_with("Already subscribed to feed");
}

std::size_t text_bytes(const std::string& text) { return text.capacity() > 15 ? text.capacity() + 1 : 0; }

}  // namespace

// One event on its way into the state of one connection.
class RecordedState::Change {
 public:
  Change(const StateOptions& options, Timestamp at, ConnectionState& connection)
      : options_(options), at_(at), connection_(connection) {}

  void take(const BookSnapshot& snapshot) {
    if (!passes("book", snapshot.symbol)) return;
    SymbolState& symbol = symbol_of(snapshot.symbol);
    if (!symbol.book.exists()) {
      symbol.book.make(book_spec(snapshot.symbol, snapshot.sequence ? 0 : book_depth_of(snapshot)));
    }
    BookSnapshot trusted = snapshot;
    trusted.checksum.reset();
    static_cast<void>(symbol.book.edit().reset(trusted));
  }

  // The client has verified it, or says in the same breath that the book is not valid.
  void take(const BookUpdate& update) {
    if (!passes("book", update.symbol)) return;
    const auto symbol = connection_.symbols.find(update.symbol);
    if (symbol == connection_.symbols.end() || symbol->second.book_state != BookState::Live) return;
    BookUpdate trusted = update;
    trusted.checksum.reset();
    static_cast<void>(symbol->second.book.edit().apply(trusted));
  }

  void take(const Level3Snapshot& snapshot) {
    if (!passes("level3", snapshot.symbol)) return;
    SymbolState& symbol = symbol_of(snapshot.symbol);
    if (!symbol.level3) symbol.level3.set(Level3Book(book_spec(snapshot.symbol, level3_depth(snapshot.symbol))));
    Level3Snapshot trusted = snapshot;
    trusted.checksum.reset();
    static_cast<void>(symbol.level3.edit().reset(trusted));
  }

  void take(const Level3Update& update) {
    if (!passes("level3", update.symbol)) return;
    const auto symbol = connection_.symbols.find(update.symbol);
    if (symbol == connection_.symbols.end() || symbol->second.level3_state != BookState::Live) return;
    if (!symbol->second.level3) return;
    Level3Update trusted = update;
    trusted.checksum.reset();
    static_cast<void>(symbol->second.level3.edit().apply(trusted));
  }

  void take(const Ticker& ticker) {
    if (!passes("ticker", ticker.symbol)) return;
    Told<Ticker> told{at_, ticker};
    told.value.symbol = {};
    told.value.snapshot = false;
    symbol_of(ticker.symbol).ticker.set(told);
  }

  void take(const Spread& spread) {
    if (!passes("spread", spread.symbol)) return;
    Told<Spread> told{at_, spread};
    told.value.symbol = {};
    symbol_of(spread.symbol).spread.set(told);
  }

  void take(const Trade& trade) {
    if (!passes("trade", trade.symbol)) return;
    SymbolState& symbol = symbol_of(trade.symbol);
    Told<Trade> told{at_, trade};
    told.value.symbol = told.value.kind = told.value.uid = {};
    told.value.snapshot = false;
    symbol.trade.set(told);
    if (options_.candle_intervals.empty()) return;
    TradeFold& fold = symbol.trades.edit();
    if (trade.trade_id != 0 && fold.ids.observe(trade.trade_id).duplicate) return;
    std::vector<CandleRevision> ignored;
    static_cast<void>(settled(fold, trade.symbol).add(trade, ignored));
  }

  // Those that a client builds are built here as well.
  void take(const Candle& candle) {
    if (candle.source != CandleSource::Exchange) return;
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(candle.interval).count();
    if (!passes("ohlc", candle.symbol, static_cast<int>(minutes))) return;
    SymbolState& symbol = symbol_of(candle.symbol);
    Told<Candle> told{at_, candle};
    told.value.symbol = {};
    told.value.snapshot = false;
    told.value.replaces = nullptr;
    symbol.exchange_candles.edit().insert_or_assign(candle.interval, told);
    if (symbol.trades && symbol.trades->candles) settled(symbol.trades.edit(), candle.symbol).add(candle);
  }

  void take(const InstrumentUpdate& update) {
    if (update.pairs.empty()) return;
    auto& pairs = connection_.pairs.edit();
    for (const PairInfo& pair : update.pairs) {
      pairs.insert_or_assign(std::string(pair.symbol),
                             PairState{std::string(pair.status), pair.price_precision, pair.quantity_precision});
    }
  }

  void take(const StatusChange& status) {
    connection_.system.set({std::string(status.system), std::string(status.version), std::string(status.api_version),
                            status.connection_id});
  }

  // What a confirmation says that no event of the client's own repeats.
  void take(const Reply& reply) {
    if (reply.method != "subscribe" || reply.symbol.empty() || !(reply.success || stands_already(reply))) return;
    const auto channel = parse_channel(reply.channel);
    if (channel == Channel::Book) {
      SymbolState& symbol = symbol_of(reply.symbol);
      if (!reply.success && symbol.book_state == BookState::Live) return;
      symbol.book = {};
      symbol.book_state = BookState::AwaitSnapshot;
      if (reply.depth) symbol.book.make(book_spec(reply.symbol, *reply.depth));
    } else if (channel == Channel::Level3) {
      SymbolState& symbol = symbol_of(reply.symbol);
      if (!reply.success && symbol.level3_state == BookState::Live) return;
      symbol.level3.reset();
      symbol.level3_state = BookState::AwaitSnapshot;
    } else if (channel == Channel::Trade && reply.time_out && !options_.candle_intervals.empty()) {
      settled(symbol_of(reply.symbol).trades.edit(), reply.symbol).covered_from(*reply.time_out);
    }
  }

  void take(const BookStateChange& change) {
    SymbolState& symbol = symbol_of(change.symbol);
    if (!change.channel.empty()) {
      symbol.level3_state = change.state;
      if (change.state != BookState::Live && symbol.level3) symbol.level3.edit().await_snapshot();
      return;
    }
    symbol.book_state = change.state;
    if (change.state != BookState::Live && symbol.book.exists()) symbol.book.edit().await_snapshot();
  }

  void take(const StreamStateChange& change) {
    const std::string channel(change.channel);
    const std::string symbol(change.symbol);
    auto& streams = connection_.streams.edit();
    const StreamName name{channel, symbol, change.depth.value_or(0), change.interval_minutes.value_or(0)};
    if (change.state != StreamState::Ended) {
      streams.insert_or_assign(name, StreamStatus{change.state, std::string(change.reason), at_});
      connection_.ended.erase({channel, symbol, std::get<3>(name)});
      return;
    }
    streams.erase(name);
    const bool another = std::any_of(streams.begin(), streams.end(), [&](const auto& each) {
      return std::get<0>(each.first) == channel && std::get<1>(each.first) == symbol &&
             std::get<3>(each.first) == std::get<3>(name);
    });
    if (!another) connection_.ended.emplace(channel, symbol, std::get<3>(name));
    const auto known = connection_.symbols.find(symbol);
    if (channel == "trade" && known != connection_.symbols.end() && known->second.trades) {
      known->second.trades.edit().candles.reset();
    }
  }

  void take(const LinkChange& change) {
    if (change.state == LinkState::Resubscribed) return;
    connection_.link = change.state;
    connection_.link_detail = change.detail;
    connection_.link_since = at_;
    if (change.state == LinkState::Up) return;
    connection_.system.reset();
    for (auto& [symbol, state] : connection_.symbols) {
      if (state.trades && state.trades->candles) settled(state.trades.edit(), symbol).interrupted(at_);
    }
  }

  template <class Other>
  void take(const Other&) {}

 private:
  SymbolState& symbol_of(std::string_view symbol) {
    const auto found = connection_.symbols.find(symbol);
    if (found != connection_.symbols.end()) return found->second;
    return connection_.symbols.try_emplace(std::string(symbol)).first->second;
  }

  bool passes(std::string_view channel, std::string_view symbol, int interval_minutes = 0) const {
    return connection_.ended.empty() ||
           !connection_.ended.contains({std::string(channel), std::string(symbol), interval_minutes});
  }

  const PairState* pair(std::string_view symbol) const {
    if (!connection_.pairs) return nullptr;
    const auto found = connection_.pairs->find(symbol);
    return found == connection_.pairs->end() ? nullptr : &found->second;
  }

  BookSpec book_spec(std::string_view symbol, int depth) const {
    BookSpec spec{.symbol = std::string(symbol), .depth = depth};
    if (const PairState* const places = pair(symbol)) {
      spec.price_places = places->price_places;
      spec.quantity_places = places->quantity_places;
    }
    return spec;
  }

  // Its confirmation does not tell it (spot-v2 section 3.2).
  int level3_depth(std::string_view symbol) const {
    if (connection_.streams) {
      for (const auto& [name, status] : *connection_.streams) {
        if (std::get<0>(name) == "level3" && std::get<1>(name) == symbol) return std::get<2>(name);
      }
    }
    return 1000;
  }

  // The builder of a symbol, in which all that is over by now is closed.
  CandleBuilder& settled(TradeFold& fold, std::string_view symbol) const {
    const Timestamp over = at_ - options_.candle_grace;
    if (!fold.candles) {
      const PairState* const places = pair(symbol);
      fold.candles.emplace(
          CandleSpec{.symbol = std::string(symbol),
                     .intervals = options_.candle_intervals,
                     .price_places = places == nullptr ? std::nullopt : std::optional(places->price_places),
                     .kept_candles = kKeptCandles});
      fold.candles->start_at(over);
      return *fold.candles;
    }
    std::vector<Candle> closed;
    for (auto end = fold.candles->first_open_end(); end && *end <= over; end = fold.candles->first_open_end()) {
      fold.candles->close(*end, false, closed);
    }
    fold.candles->pass(over);
    return *fold.candles;
  }

  const StateOptions& options_;
  Timestamp at_;
  ConnectionState& connection_;
};

void RecordedState::take(Timestamp at, ConnectionId connection, const Event& event) {
  at_ = std::max(at_, at);
  Change change(options_, at, connections_[connection]);
  std::visit([&change](const auto& what) { change.take(what); }, event);
}

std::vector<Candle> RecordedState::open_candles(std::string_view symbol, const SymbolState& state) const {
  std::vector<Candle> open;
  if (!state.trades || !state.trades->candles) return open;
  const CandleBuilder& builder = *state.trades->candles;
  std::vector<Duration> intervals = options_.candle_intervals;
  std::sort(intervals.begin(), intervals.end(), std::greater<>());
  intervals.erase(std::unique(intervals.begin(), intervals.end()), intervals.end());
  for (const Duration interval : intervals) {
    // Up to the one that an exchange whose clock is ahead of ours may have begun.
    const Timestamp last = floor_to(at_, interval) + interval;
    for (Timestamp begin = floor_to(at_ - options_.candle_grace, interval); begin <= last; begin += interval) {
      auto candle = builder.running(interval, begin);
      if (!candle || candle->trades == 0) continue;
      candle->symbol = symbol;
      open.push_back(*candle);
    }
  }
  return open;
}

std::size_t RecordedState::footprint(std::unordered_set<const void*>& seen) const {
  std::size_t bytes = sizeof *this;
  const auto add = [&](const void* identity, std::size_t more) {
    if (identity != nullptr && seen.insert(identity).second) bytes += more;
  };
  constexpr std::size_t kNode = 64;  // of a map, beside the value, and of what the allocator adds
  for (const auto& [id, connection] : connections_) {
    bytes += kNode + sizeof connection + text_bytes(connection.link_detail) + connection.ended.size() * 2 * kNode;
    if (connection.streams) add(connection.streams.identity(), connection.streams->size() * 4 * kNode);
    if (connection.pairs) add(connection.pairs.identity(), connection.pairs->size() * 3 * kNode);
    if (connection.system) add(connection.system.identity(), sizeof(SystemState) + kNode);
    for (const auto& [symbol, state] : connection.symbols) {
      bytes += kNode + sizeof state + sizeof symbol;
      if (state.book.exists()) add(state.book.packed().get(), state.book.packed()->footprint());
      if (state.level3) add(state.level3.identity(), sizeof(Level3Book) + state.level3->order_count() * 6 * kNode);
      if (state.ticker) add(state.ticker.identity(), sizeof(Told<Ticker>) + kNode);
      if (state.trade) add(state.trade.identity(), sizeof(Told<Trade>) + kNode);
      if (state.spread) add(state.spread.identity(), sizeof(Told<Spread>) + kNode);
      if (state.exchange_candles) {
        add(state.exchange_candles.identity(), state.exchange_candles->size() * (sizeof(Told<Candle>) + kNode));
      }
      if (state.trades) {
        const std::size_t kept = state.trades->candles ? state.trades->candles->kept() : 0;
        add(state.trades.identity(), sizeof(TradeFold) + 16 * kNode + kept * (sizeof(CandleSum) + 2 * kNode));
      }
    }
  }
  return bytes;
}

class StateSinks::Sink final : public EventSink {
 public:
  Sink(StateSinks& owner, ConnectionId connection) : owner_(owner), connection_(connection) {}
  void on_event(const Event& event) override {
    owner_.state_.take(owner_.clock_.now(), connection_, event);
    if (owner_.also_) owner_.also_(connection_, event);
  }

 private:
  StateSinks& owner_;
  ConnectionId connection_;
};

StateSinks::StateSinks(RecordedState& state, const Clock& clock, Also also)
    : state_(state), clock_(clock), also_(std::move(also)) {}
StateSinks::~StateSinks() = default;

EventSink& StateSinks::of(ConnectionId connection) {
  auto& sink = sinks_[connection];
  if (!sink) sink = std::make_unique<Sink>(*this, connection);
  return *sink;
}

}  // namespace ktape
