#include "replay/futures_recording.hpp"

#include <algorithm>
#include <deque>

#include "core/protocol/futures/classify.hpp"
#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/futures/server_encode.hpp"

namespace ktape {
namespace {

constexpr std::size_t kTrades = 100;  // Kraken's snapshot (futures-v1 section 4.3)

// The feeds that tell about the market.
const futures::Feed* market_feed(std::string_view name) {
  const auto* const feed = futures::find_feed(name);
  return feed == nullptr || is_private(feed->channel) ? nullptr : feed;
}

// A book pads its numbers to common places; Kraken writes each as short as it can, with a decimal or without.
class ShortestPlaces {
 public:
  void see(const Decimal& number) { least_ = std::min(least_, number.scale()); }
  Decimal shortened(Decimal number) const {
    while (number.scale() > least_ && number.coefficient() % 10 == 0) {
      number = Decimal::from_units(number.coefficient() / 10, number.scale() - 1);
    }
    return number;
  }

 private:
  int least_ = Decimal::kMaxScale;
};

// The whole book; its messages are held together by their numbers.
class BookOfFutures final : public FeedState, public BookTeller {
 public:
  explicit BookOfFutures(const Feed& feed) : feed_(feed), book_(BookSpec{feed.symbol, 0, std::nullopt, std::nullopt}) {}

  // What does not fit leaves the book incomplete; the recording is played on as it is.
  void take(const Event& event, std::string_view /*text*/) override {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      see(snapshot->bids);
      see(snapshot->asks);
      static_cast<void>(book_.reset(*snapshot));
      time_ = snapshot->exchange_time;
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      see(update->bids);
      see(update->asks);
      static_cast<void>(book_.apply(*update));
      if (update->exchange_time) time_ = update->exchange_time;
    }
  }
  bool complete() const override { return book_.state() == BookState::Live; }
  std::string snapshot() override { return snapshot_as(feed_, BookImage::of(book_, 0)); }

  // Numbers must go on without a hole, whatever has changed: only a new snapshot can say it.
  std::vector<std::string> difference(const FeedState& before) override {
    const auto& told = static_cast<const BookOfFutures&>(before).book_;
    if (told.state() == BookState::Live && told.sequence() == book_.sequence()) return {};
    return {snapshot()};
  }
  std::unique_ptr<FeedState> copy() const override { return std::make_unique<BookOfFutures>(*this); }
  BookTeller* teller() override { return this; }

  OrderBook& book() override { return book_; }
  std::string snapshot_as(const Feed& feed, const BookImage& image) override {
    const auto bids = shortened(image.bids);
    const auto asks = shortened(image.asks);
    std::string text;
    futures::append_book_snapshot(text, BookSnapshot{feed.symbol, bids, asks, std::nullopt, time_, book_.sequence()});
    return text;
  }
  // There are no smaller depths to keep up.
  std::string update_as(const Feed& feed, const BookChange& /*change*/) override {
    return snapshot_as(feed, BookImage::of(book_, 0));
  }

 private:
  void see(std::span<const Level> levels) {
    for (const Level& level : levels) {
      prices_.see(level.price);
      quantities_.see(level.quantity);
    }
  }
  std::vector<Level> shortened(std::vector<Level> levels) const {
    for (Level& level : levels) level = {prices_.shortened(level.price), quantities_.shortened(level.quantity)};
    return levels;
  }

  Feed feed_;
  OrderBook book_;
  ShortestPlaces prices_, quantities_;
  std::optional<Timestamp> time_;
};

class TradesOfFutures final : public FeedState {
 public:
  explicit TradesOfFutures(const Feed& feed) : product_(feed.symbol) {}

  void take(const Event& event, std::string_view /*text*/) override {
    const auto* trade = std::get_if<Trade>(&event);
    if (trade == nullptr) return;
    // A second snapshot repeats what is known.
    if (!trades_.empty() && trade->trade_id <= trades_.back().trade.trade_id) return;
    trades_.push_back({*trade, std::string(trade->kind), std::string(trade->uid)});
    if (trades_.size() > kTrades) trades_.pop_front();
  }
  bool complete() const override { return !trades_.empty(); }

  std::string snapshot() override {
    std::vector<Trade> told;
    for (const Kept& kept : trades_) told.push_back(view(kept));
    std::string text;
    futures::append_trade_snapshot(text, product_, told);
    return text;
  }

  std::vector<std::string> difference(const FeedState& before) override {
    const auto& told = static_cast<const TradesOfFutures&>(before).trades_;
    std::vector<std::string> news;
    if (told.empty()) return news;
    for (const Kept& kept : trades_) {
      if (kept.trade.trade_id <= told.back().trade.trade_id) continue;
      futures::append_trade(news.emplace_back(), view(kept));
    }
    return news;
  }
  std::unique_ptr<FeedState> copy() const override { return std::make_unique<TradesOfFutures>(*this); }

 private:
  // Copies of one feed share nothing, so a trade's own views of text are replaced when it is written.
  struct Kept {
    Trade trade;
    std::string kind, uid;
  };
  Trade view(const Kept& kept) const {
    auto trade = kept.trade;
    trade.symbol = product_;
    trade.kind = kept.kind;
    trade.uid = kept.uid;
    return trade;
  }

  std::string product_;
  std::deque<Kept> trades_;  // oldest first
};

}  // namespace

bool FuturesRecording::may_answer(std::string_view text) const {
  return text.find("\"event\"") != std::string_view::npos;
}

std::optional<Feed> FuturesRecording::feed_of(const Reply& reply) const {
  const auto* const feed = market_feed(reply.channel);
  if (!reply.success || feed == nullptr) return std::nullopt;
  return Feed::of(feed->channel, futures::canonical_product(reply.symbol));
}

std::optional<Feed> FuturesRecording::feed_in(const Event& event, std::string_view text) const {
  if (std::holds_alternative<Reply>(event) || std::holds_alternative<StatusChange>(event)) return std::nullopt;
  const auto topic = futures::classify(text);
  const auto* const feed = market_feed(topic.channel);
  if (feed == nullptr) return std::nullopt;
  return Feed::of(feed->channel, futures::canonical_product(topic.symbol));
}

// A product that has never been traded has an empty history.
std::optional<Feed> FuturesRecording::feed_of_empty_snapshot(std::string_view text) const {
  const auto topic = futures::classify(text);
  if (topic.channel != "trade" || text.find("\"trade_snapshot\"") == std::string_view::npos) return std::nullopt;
  return Feed::of(Channel::Trade, futures::canonical_product(topic.symbol));
}

std::unique_ptr<FeedState> FuturesRecording::make_state(const Feed& feed) const {
  switch (feed.channel) {
    case Channel::Book:
      return std::make_unique<BookOfFutures>(feed);
    case Channel::Trade:
      return std::make_unique<TradesOfFutures>(feed);
    case Channel::Heartbeat:
      return std::make_unique<Momentary>();
    default:
      return std::make_unique<LastMessage>();
  }
}

std::string FuturesRecording::answered_again(std::string_view answer, Timestamp /*at*/) const {
  return std::string(answer);
}

std::string FuturesRecording::answer_to(const Feed& feed, Timestamp /*at*/) const {
  std::string text;
  futures::append_confirmation(
      text, {.method = Method::Subscribe, .feed = futures::find_feed(feed.channel)->name, .product = feed.symbol});
  return text;
}

}  // namespace ktape
