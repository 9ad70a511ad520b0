#include "core/client/client.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace ktape {
namespace {

// Kraken's book depths: a book whose depth nobody told has the smallest one that its snapshot fits in.
constexpr std::array kDepths{10, 25, 100, 500, 1000};

int depth_for(std::size_t levels) {
  const auto fits = std::find_if(kDepths.begin(), kDepths.end(),
                                 [levels](int depth) { return static_cast<std::size_t>(depth) >= levels; });
  return fits == kDepths.end() ? kDepths.back() : *fits;
}

}  // namespace

Client::Client(Transport& transport, Codec& codec, TimerService& timers, EventSink& events, ClientOptions options)
    : transport_(transport),
      codec_(codec),
      timers_(timers),
      events_(events),
      options_(std::move(options)),
      reconnect_(options_.reconnect, options_.seed),
      candles_(timers, events, options_.candles) {}

void Client::start() {
  if (std::exchange(started_, true)) return;
  transport_.connect(options_.endpoint, *this);
}

void Client::stop() {
  stopped_ = true;
  connect_timer_.cancel();
  transport_.close({1000, ""});
}

void Client::subscribe(const Subscription& subscription) {
  wanted_.push_back(subscription);
  if (connected_) say({.method = Method::Subscribe, .request_id = 0, .subscription = subscription});
}

void Client::unsubscribe(const Subscription& subscription) {
  std::erase(wanted_, subscription);
  if (connected_) say({.method = Method::Unsubscribe, .request_id = 0, .subscription = subscription});
}

const OrderBook* Client::book(std::string_view symbol) const {
  const auto found = books_.find(symbol);
  return found == books_.end() ? nullptr : &found->second;
}

// ---- frames
// ----------------------------------------------------------------------------------------------------------

void Client::on_frame(const Frame& frame) {
  if (frame.direction == Direction::ToExchange) {
    if (frame.kind == FrameKind::Text) sent(frame.payload);
    if (frame.kind == FrameKind::Closed) closed(frame.payload);
  } else {
    last_heard_ = frame.at;
    switch (frame.kind) {
      case FrameKind::Opened:
        opened(frame.payload);
        break;
      case FrameKind::Text:
        ++stats_.messages;
        codec_.decode(frame.payload, *this);
        break;
      case FrameKind::Binary:
        on_event(UnknownMessage{"a binary message"});
        break;
      case FrameKind::Ping:
      case FrameKind::Pong:
        break;
      case FrameKind::Closed:
        closed(frame.payload);
        break;
    }
  }
}

void Client::opened(std::string_view url) {
  connected_ = true;
  heard_data_ = false;
  codec_.reset();
  events_.on_event(LinkChange{LinkState::Up, url});
  for (const Subscription& subscription : wanted_) {
    say({.method = Method::Subscribe, .request_id = 0, .subscription = subscription});
  }
  set_ping_timer();
}

void Client::closed(std::string_view why) {
  connected_ = false;
  ping_timer_.cancel();
  silence_timer_.cancel();
  pending_.clear();
  outbox_.clear();
  candles_.interrupted();
  events_.on_event(LinkChange{LinkState::Down, why});
  for (auto& [symbol, book] : books_) {
    const BookState before = book.state();
    book.await_snapshot();
    set_book_state(book, before, "the connection is down");
  }
  if (!stopped_ && options_.reconnects) connect_after(reconnect_.next_delay(timers_.now()));
}

void Client::connect_after(Duration delay) {
  connect_timer_ =
      timers_.at(timers_.now() + delay, [this](Timestamp) { transport_.connect(options_.endpoint, *this); });
}

// A request is followed from the moment that the transport reports it, which a replay does as well.
void Client::sent(std::string_view text) {
  auto request = codec_.decode_request(text);
  if (!request || request->request_id == 0) return;
  const std::int64_t id = request->request_id;
  Timer timer = timers_.at(timers_.now() + options_.request_timeout, [this, id](Timestamp) {
    const auto late = pending_.extract(id);
    if (late.empty()) return;
    const Request& asked = late.mapped().request;
    events_.on_event(RequestTimeout{
        .request_id = id,
        .method = to_string(asked.method),
        .channel = asked.method == Method::Ping ? std::string_view{} : to_string(asked.subscription.channel)});
  });
  pending_.insert_or_assign(id, Pending{std::move(*request), std::move(timer)});
}

void Client::say(Request request) {
  request.request_id = next_request_id_++;
  outbox_.push_back(codec_.encode(request));
  if (outbox_.size() > 1) return;
  outbox_timer_ = timers_.at(timers_.now(), TimerOrder::Deferred, [this](Timestamp) {
    for (const std::string& text : std::exchange(outbox_, {})) transport_.send(text);
  });
}

void Client::set_ping_timer() {
  ping_timer_ = timers_.at(timers_.now() + options_.ping_interval, [this](Timestamp) {
    say({.method = Method::Ping, .request_id = 0, .subscription = {}});
    set_ping_timer();
  });
}

// Looks once per period instead of moving a timer with each message.
void Client::set_silence_timer() {
  silence_timer_ = timers_.at(last_heard_ + options_.silence_timeout, [this](Timestamp now) {
    if (now - last_heard_ < options_.silence_timeout) {
      set_silence_timer();
    } else {
      transport_.close({1000, fmt::format("nothing heard for {}", format_duration(now - last_heard_))});
    }
  });
}

// ---- events
// ----------------------------------------------------------------------------------------------------------

void Client::on_event(const Event& event) {
  std::visit(
      [this, &event](const auto& what) {
        if constexpr (requires { this->take(what); }) {
          take(what);
        } else {
          events_.on_event(event);
        }
      },
      event);
}

void Client::take(const BookSnapshot& snapshot) {
  OrderBook& book = book_of(snapshot.symbol, std::max(snapshot.bids.size(), snapshot.asks.size()));
  const BookState before = book.state();
  if (const auto done = book.reset(snapshot); !done) {
    broken(book, done.error());
    return;
  }
  if (snapshot.checksum) ++stats_.checksums_verified;
  events_.on_event(snapshot);
  set_book_state(book, before, "snapshot");
}

void Client::take(const BookUpdate& update) {
  OrderBook& book = book_of(update.symbol, 0);
  if (book.state() != BookState::Live) return;  // its change of state was told; the next snapshot mends it
  if (const auto done = book.apply(update); !done) {
    broken(book, done.error());
    return;
  }
  if (update.checksum) ++stats_.checksums_verified;
  events_.on_event(update);
}

void Client::take(const Trade& trade) {
  auto sequence = trade_ids_.find(trade.symbol);
  if (sequence == trade_ids_.end()) sequence = trade_ids_.emplace(trade.symbol, TradeSequence{}).first;
  const auto verdict = sequence->second.observe(trade.trade_id);
  if (verdict.duplicate) ++stats_.duplicate_trades;
  if (verdict.gap_from) {
    ++stats_.trade_gaps;
    candles_.interrupted(trade.symbol);
    events_.on_event(TradeGap{trade.symbol, *verdict.gap_from, trade.trade_id});
  }
  events_.on_event(trade);
  if (verdict.duplicate || !candles_.wanted()) return;
  if (const auto added = candles_.add(trade); !added) events_.on_event(UnknownMessage{added.error().detail});
}

void Client::take(const Reply& reply) {
  events_.on_event(reply);
  if (reply.request_id) {
    const auto asked = pending_.find(*reply.request_id);
    if (asked != pending_.end()) {
      // One answer per symbol: the last of them ends the request.
      auto& symbols = asked->second.request.subscription.symbols;
      if (!reply.symbol.empty()) std::erase(symbols, reply.symbol);
      if (reply.symbol.empty() || symbols.empty()) pending_.erase(asked);
    }
  }
  if (!reply.success) return;

  if (reply.method == "subscribe") {
    reconnect_.succeeded();
    if (!std::exchange(heard_data_, true)) set_silence_timer();
    if (reply.channel == "book") {
      const auto found = books_.find(reply.symbol);
      const BookState before = found == books_.end() ? BookState::Invalid : found->second.state();
      if (found != books_.end()) books_.erase(found);
      OrderBook& book = book_of(reply.symbol, static_cast<std::size_t>(reply.depth.value_or(0)));
      set_book_state(book, before, "subscribed");
    } else if (reply.channel == "trade" && reply.time_out && candles_.wanted()) {
      candles_.covered_from(reply.symbol, *reply.time_out);
    }
  } else if (reply.method == "unsubscribe") {
    if (const auto found = books_.find(reply.symbol); reply.channel == "book" && found != books_.end()) {
      const BookState before = found->second.state();
      found->second.await_snapshot();
      set_book_state(found->second, before, "unsubscribed");
    } else if (reply.channel == "trade") {
      candles_.interrupted(reply.symbol);
    }
  }
}

void Client::take(const InstrumentUpdate& update) {
  for (const PairInfo& pair : update.pairs) {
    pairs_.insert_or_assign(std::string(pair.symbol), PairPlaces{pair.price_precision, pair.quantity_precision});
    candles_.set_price_places(pair.symbol, pair.price_precision);
  }
  events_.on_event(update);
}

OrderBook& Client::book_of(std::string_view symbol, std::size_t levels_seen) {
  if (const auto found = books_.find(symbol); found != books_.end()) return found->second;
  BookSpec spec{.symbol = std::string(symbol), .depth = depth_for(levels_seen)};
  if (const auto pair = pairs_.find(symbol); pair != pairs_.end()) {
    spec.price_places = pair->second.price;
    spec.quantity_places = pair->second.quantity;
  }
  return books_.emplace(spec.symbol, OrderBook(spec)).first->second;
}

void Client::set_book_state(OrderBook& book, BookState before, std::string_view reason) {
  if (book.state() != before) events_.on_event(BookStateChange{book.spec().symbol, book.state(), reason});
}

void Client::broken(OrderBook& book, const Error& error) {
  if (error.code == Errc::Checksum) ++stats_.checksums_failed;
  events_.on_event(BookStateChange{book.spec().symbol, BookState::Invalid, error.detail});
  if (!options_.resubscribe_invalid_books || !connected_) return;
  // The only remedy is a new snapshot, and only a new subscription brings one (spot-v2 section 5.3, rule 6).
  const Subscription again{.channel = Channel::Book, .symbols = {book.spec().symbol}, .depth = book.spec().depth};
  say({.method = Method::Unsubscribe, .request_id = 0, .subscription = again});
  say({.method = Method::Subscribe, .request_id = 0, .subscription = again});
}

}  // namespace ktape
