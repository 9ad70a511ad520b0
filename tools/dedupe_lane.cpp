#include "tools/dedupe_lane.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "replay/spot_v2_recording.hpp"

namespace ktape {
namespace {

constexpr std::size_t kRecentTrades = 10'000;
constexpr std::size_t kShownBytes = 400;

unsigned bit(std::size_t input) { return input == 0 ? kFirst : kSecond; }

std::string text_of(const Trade& trade) {
  return fmt::format("{} {} {} {} {}", to_string(trade.side), trade.quantity.text(), trade.price.text(),
                     to_string(trade.order_type), format_rfc3339(trade.exchange_time));
}

// Which levels an update changes, whatever it makes of them.
std::string places_of(const BookUpdate& update) {
  std::string out;
  for (const Level& level : update.bids) out += "b" + level.price.text();
  for (const Level& level : update.asks) out += "a" + level.price.text();
  return out;
}

std::optional<std::int64_t> order_of(const std::optional<Timestamp>& at) {
  if (!at) return std::nullopt;
  return nanoseconds(*at);
}

}  // namespace

// What a message tells, before it is its turn.
class DedupeLane::Reader final : public EventSink {
 public:
  explicit Reader(PendingFrame& frame) : frame_(frame) {}

  void on_event(const Event& event) override {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      is(Channel::Book, snapshot->symbol, order_of(snapshot->exchange_time), true);
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      is(Channel::Book, update->symbol, order_of(update->exchange_time), false);
      places = places_of(*update);
      checksum = update->checksum;
    } else if (const auto* trade = std::get_if<Trade>(&event)) {
      // A message belongs where its last trade does: a snapshot repeats many that were told.
      is(Channel::Trade, trade->symbol, trade->trade_id, trade->snapshot);
    } else if (const auto* ticker = std::get_if<Ticker>(&event)) {
      is(Channel::Ticker, ticker->symbol, order_of(ticker->exchange_time), ticker->snapshot);
    } else if (const auto* candle = std::get_if<Candle>(&event)) {
      is(Channel::Ohlc, candle->symbol, order_of(candle->exchange_time), candle->snapshot);
      frame_.feed += fmt::format(" {}", candle->interval / std::chrono::minutes(1));
    } else if (const auto* instrument = std::get_if<InstrumentUpdate>(&event)) {
      is(Channel::Instrument, {}, std::nullopt, instrument->snapshot);
    }
  }

  std::string symbol, places;
  std::optional<std::uint32_t> checksum;

 private:
  void is(Channel channel, std::string_view its_symbol, std::optional<std::int64_t> order, bool snapshot) {
    frame_.feed = fmt::format("{} {}", to_string(channel), its_symbol);
    frame_.order = order;
    frame_.snapshot = snapshot;
    symbol = its_symbol;
  }

  PendingFrame& frame_;
};

// Whether data whose turn it is tells anything new; takes it into what was said.
class DedupeLane::Judge final : public EventSink {
 public:
  Judge(DedupeLane& lane, const PendingFrame& frame) : lane_(lane), frame_(frame) {}

  void on_event(const Event& event) override {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      take(*snapshot);
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      take(*update);
    } else if (const auto* trade = std::get_if<Trade>(&event)) {
      take(*trade);
    } else if (!std::holds_alternative<UnknownMessage>(event)) {
      take_latest();
    }
  }

  bool wanted = false;

 private:
  bool by_both() const { return frame_.sources == kBoth; }

  void take(const BookSnapshot& snapshot) {
    auto& book = book_of(snapshot.symbol, book_depth_of(snapshot));
    if (!by_both() && book.book.state() == BookState::Live) return;
    wanted = true;
    static_cast<void>(book.book.reset(snapshot));
    book.last = order_of(snapshot.exchange_time);
    book.last_at = frame_.at;
    book.told_missing = false;
  }

  void take(const BookUpdate& update) {
    auto& book = book_of(update.symbol, 10);
    const auto order = order_of(update.exchange_time);
    if (!by_both() && order && book.last && *order < *book.last) return;  // what it told has been told
    wanted = true;
    if (book.book.state() != BookState::Live) return;
    if (book.book.apply(update)) {
      book.last = order;
      book.last_at = frame_.at;
      return;
    }
    if (std::exchange(book.told_missing, true)) return;
    lane_.report_.gaps.push_back({book.last_at, frame_.at, GapCause::Dropped, std::nullopt, lane_.connection_,
                                  fmt::format("neither recording has all updates of the book of {}", update.symbol)});
  }

  void take(const Trade& trade) {
    auto& trades = lane_.trades_[std::string(trade.symbol)];
    std::string value = text_of(trade);
    if (const auto known = trades.recent.find(trade.trade_id); known != trades.recent.end()) {
      wanted = wanted || by_both();
      if (known->second != value) {
        lane_.disagree({frame_.at, std::string(trade.symbol), fmt::format("trade {}", trade.trade_id), known->second,
                        std::move(value)});
      }
      return;
    }
    const auto verdict = trades.sequence.observe(trade.trade_id);
    wanted = wanted || by_both() || !verdict.duplicate;
    if (verdict.gap_from) {
      lane_.report_.gaps.push_back({trades.last_at, frame_.at, GapCause::Dropped, std::nullopt, lane_.connection_,
                                    fmt::format("neither recording has trades {} to {} of {}", *verdict.gap_from,
                                                trade.trade_id - 1, trade.symbol)});
    }
    trades.last_at = frame_.at;
    trades.recent.emplace(trade.trade_id, std::move(value));
    if (trades.recent.size() > kRecentTrades) trades.recent.erase(trades.recent.begin());
  }

  void take_latest() {
    const auto [told, is_new] = lane_.told_.try_emplace(frame_.feed, frame_.order);
    const bool older = frame_.order && told->second && *frame_.order < *told->second;
    const bool repeats = !is_new && (frame_.snapshot || older);
    if (repeats && !by_both()) return;
    wanted = true;
    if (!older) told->second = frame_.order;
  }

  MergedBook& book_of(std::string_view symbol, int depth) {
    const auto known = lane_.books_.find(symbol);
    if (known != lane_.books_.end()) return known->second;
    for (const Feed& feed : lane_.in_force_) {
      if (feed.channel == Channel::Book && feed.symbol == symbol) depth = feed.depth;
    }
    return lane_.books_
        .emplace(std::string(symbol),
                 MergedBook{OrderBook(BookSpec{std::string(symbol), depth, std::nullopt, std::nullopt}), std::nullopt,
                            frame_.at})
        .first->second;
  }

  DedupeLane& lane_;
  const PendingFrame& frame_;
};

DedupeLane::DedupeLane(Dialect dialect, ConnectionId connection, Present present, DedupeReport& report)
    : connection_(connection), present_(std::move(present)), report_(report), codec_(make_codec(dialect)) {}

DedupeLane::~DedupeLane() = default;

void DedupeLane::disagree(Disagreement what) {
  ++report_.disagreements;
  if (report_.first_disagreements.size() < DedupeReport::kMaxDisagreements) {
    report_.first_disagreements.push_back(std::move(what));
  }
}

void DedupeLane::take(std::size_t input, Timestamp at, const Frame& frame, bool made) {
  // What the other recorder has got as well, in the same bytes, is the same message.
  for (PendingFrame& other : pending_) {
    if (other.sources == bit(1 - input) && other.frame.kind == frame.kind && other.made == made &&
        other.frame.direction == frame.direction && other.payload == frame.payload) {
      other.sources = kBoth;
      return;
    }
  }
  PendingFrame& added = pending_.emplace_back();
  added.at = at;
  added.frame = frame;
  added.frame.connection = connection_;
  added.frame.at = at;
  added.payload = frame.payload;
  added.sources = bit(input);
  added.made = made;
  if (frame.kind != FrameKind::Text || frame.direction == Direction::ToExchange) return;
  Reader reader(added);
  codec_->decode(added.payload, reader);
}

std::optional<Timestamp> DedupeLane::next_at() const {
  if (pending_.empty()) return std::nullopt;
  return pending_.front().at;
}

// The first that is pending, or what has to stand before it in its feed.
std::list<PendingFrame>::iterator DedupeLane::choose() {
  auto best = pending_.begin();
  if (best->feed.empty() || !best->order) return best;
  for (auto at = std::next(best); at != pending_.end(); ++at) {
    // A snapshot begins a feed anew: nothing passes it.
    if (at->feed == best->feed && at->snapshot != best->snapshot) break;
    if (at->feed == best->feed && at->order && *at->order < *best->order) best = at;
  }
  if (best->sources == kBoth || !best->feed.starts_with("book ")) return best;
  // Updates of one instant that only one input has each: the checksum tells which is first, or that they are two
  // versions of one.
  for (auto at = pending_.begin(); at != pending_.end(); ++at) {
    if (at->feed != best->feed || at->order != best->order || at->snapshot || best->snapshot) continue;
    if (at->sources == kBoth || at->sources == best->sources) continue;
    PendingFrame ignored;
    Reader mine(ignored), other(ignored);
    codec_->decode(best->payload, mine);
    codec_->decode(at->payload, other);
    const bool mine_fits = verifies(*best);
    const bool other_fits = verifies(*at);
    if (mine.places == other.places && !mine.places.empty()) {
      auto kept = other_fits && !mine_fits ? at : best;
      auto left = kept == best ? at : best;
      disagree({kept->at, mine.symbol, fmt::format("book update of {}", format_rfc3339(from_nanoseconds(*best->order))),
                kept->payload.substr(0, kShownBytes), left->payload.substr(0, kShownBytes)});
      pending_.erase(left);
      ++report_.left_out;
      return kept;
    }
    return other_fits && !mine_fits ? at : best;
  }
  return best;
}

// Whether a book update can be the next, by its checksum.
bool DedupeLane::verifies(const PendingFrame& frame) {
  class Attempt final : public EventSink {
   public:
    explicit Attempt(const decltype(books_)& books) : books_(books) {}
    void on_event(const Event& event) override {
      const auto* update = std::get_if<BookUpdate>(&event);
      if (update == nullptr) return;
      const auto known = books_.find(update->symbol);
      if (known == books_.end() || known->second.book.state() != BookState::Live) return;
      OrderBook copy = known->second.book;
      fits = copy.apply(*update).has_value();
    }
    bool fits = false;

   private:
    const decltype(DedupeLane::books_)& books_;
  } attempt(books_);
  codec_->decode(frame.payload, attempt);
  return attempt.fits;
}

// Whose conversation the result follows.
std::size_t DedupeLane::leader(Timestamp at) const {
  for (const std::size_t input : {std::size_t{0}, std::size_t{1}}) {
    if (open_[input] && present_(input, at)) return input;
  }
  return open_[0] || !open_[1] ? 0 : 1;
}

bool DedupeLane::wanted_control(const PendingFrame& frame) {
  const bool both = frame.sources == kBoth;
  const auto from = [&](std::size_t input) { return (frame.sources & bit(input)) != 0; };
  if (frame.frame.kind == FrameKind::Opened) {
    for (const std::size_t input : {std::size_t{0}, std::size_t{1}}) {
      if (!from(input)) continue;
      open_[input] = true;
      subscribed_[input].clear();
    }
    return !std::exchange(said_open_, true);
  }
  if (frame.frame.kind == FrameKind::Closed) {
    for (const std::size_t input : {std::size_t{0}, std::size_t{1}}) {
      if (!from(input)) continue;
      open_[input] = false;
      subscribed_[input].clear();
    }
    // Of an attempt that failed, or the end of the last connection that stood.
    if (said_open_ && (open_[0] || open_[1])) return false;
    said_open_ = false;
    said_status_ = false;
    in_force_.clear();
    asked_.clear();
    books_.clear();
    told_.clear();
    return true;
  }
  for (const std::size_t input : {std::size_t{0}, std::size_t{1}}) {
    if (from(input)) open_[input] = true;  // not every recording tells
  }
  said_open_ = true;
  const bool leads = both || from(leader(frame.at));
  if (frame.frame.kind != FrameKind::Text) return leads;

  if (frame.frame.direction == Direction::ToExchange) {
    const auto request = codec_->decode_request(frame.payload);
    if (!request || request->method != Method::Subscribe) return leads;
    bool news = false;
    const Subscription& wanted = request->subscription;
    auto symbols = wanted.symbols;
    if (symbols.empty()) symbols.emplace_back();
    for (const std::string& symbol : symbols) {
      Feed feed{wanted.channel, symbol, 0, 0, {}};
      if (feed.channel == Channel::Book) feed.depth = wanted.depth;
      if (feed.channel == Channel::Ohlc) feed.interval_minutes = wanted.interval_minutes;
      if (feed.channel == Channel::Ticker) feed.event_trigger = wanted.event_trigger;
      news = asked_.insert(feed).second || news;
    }
    return both || news;
  }

  class Answer final : public EventSink {
   public:
    void on_event(const Event& event) override {
      if (const auto* reply = std::get_if<Reply>(&event)) {
        feed = RecordedDialect::of(Dialect::SpotV2).feed_of(*reply);
        subscribes = reply->method == "subscribe";
      }
      status = status || std::holds_alternative<StatusChange>(event);
    }
    std::optional<Feed> feed;
    bool subscribes = false;
    bool status = false;
  } answer;
  codec_->decode(frame.payload, answer);
  if (answer.status) return !std::exchange(said_status_, true) || leads;
  if (!answer.feed) return leads;
  const Feed& feed = *answer.feed;
  for (const std::size_t input : {std::size_t{0}, std::size_t{1}}) {
    if (!from(input)) continue;
    if (answer.subscribes) {
      subscribed_[input].insert(feed);
    } else {
      subscribed_[input].erase(feed);
    }
  }
  const auto begin_anew = [&] {
    if (feed.channel == Channel::Book) books_.erase(feed.symbol);
  };
  if (answer.subscribes) {
    asked_.insert(feed);
    for (const Feed& other : in_force_) {
      if (feed.channel == Channel::Book && other.channel == feed.channel && other.symbol == feed.symbol &&
          other.depth != feed.depth && (subscribed_[0].contains(other) || subscribed_[1].contains(other)) && status_) {
        status_ = fail(Errc::Unsupported, fmt::format("{} and {} are not the same feed, and cannot become one",
                                                      other.text(), feed.text()));
      }
    }
    const bool is_new = in_force_.insert(feed).second;
    if (both || is_new) begin_anew();
    return both || is_new;
  }
  if (!both && (subscribed_[0].contains(feed) || subscribed_[1].contains(feed))) return false;
  in_force_.erase(feed);
  asked_.erase(feed);
  begin_anew();
  return true;
}

bool DedupeLane::wanted_data(const PendingFrame& frame) {
  said_open_ = true;
  for (const std::size_t input : {std::size_t{0}, std::size_t{1}}) {
    if ((frame.sources & bit(input)) != 0) open_[input] = true;
  }
  Judge judge(*this, frame);
  codec_->decode(frame.payload, judge);
  return judge.wanted;
}

void DedupeLane::release(const Say& say) {
  const auto next = choose();
  PendingFrame frame = std::move(*next);
  pending_.erase(next);
  const bool wanted = frame.feed.empty() ? wanted_control(frame) : wanted_data(frame);
  if (!wanted) {
    ++report_.left_out;
    return;
  }
  frame.frame.payload = frame.payload;
  say(frame);
}

}  // namespace ktape
