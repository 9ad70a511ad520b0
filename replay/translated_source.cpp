#include "replay/translated_source.hpp"

#include <array>
#include <optional>
#include <utility>

#include "core/base/assert.hpp"
#include "core/protocol/spot_v1/server_encode.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "exchange/spot_v1_front.hpp"
#include "replay/book_image.hpp"
#include "replay/feed_routes.hpp"
#include "replay/recorded_dialect.hpp"

namespace ktape {

// What has to be known of a connection to say what it said.
struct TranslatedSource::Connection {
  explicit Connection(Dialect dialect) : codec(make_codec(dialect)), routes(RecordedDialect::of(dialect)) {}

  struct Book {
    explicit Book(const Feed& feed) : book(BookSpec{feed.symbol, feed.depth, std::nullopt, std::nullopt}) {}
    OrderBook book;
    std::string told_spread;
  };

  std::unique_ptr<Codec> codec;
  FeedRoutes routes;
  std::map<Feed, Book> books;
};

// Says the events of one message in the other dialect.
class TranslatedSource::Speaker final : public EventSink {
 public:
  Speaker(TranslatedSource& owner, Connection& connection, const Frame& frame)
      : owner_(owner), connection_(connection), frame_(frame) {}

  void on_event(const Event& event) override {
    if (const auto* status = std::get_if<StatusChange>(&event)) return tell(*status);
    if (std::holds_alternative<Heartbeat>(event)) {
      return say(std::string(in_v1() ? spot_v1::kHeartbeat : spot_v2::kHeartbeat));
    }
    if (const auto* reply = std::get_if<Reply>(&event)) return tell(*reply);
    for (const Feed& feed : connection_.routes.of(event, frame_.payload).feeds) {
      if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) tell(feed, *snapshot);
      if (const auto* update = std::get_if<BookUpdate>(&event)) tell(feed, *update);
      if (const auto* candle = std::get_if<Candle>(&event)) candle_ = {*candle, feed.symbol};
    }
    if (const auto* trade = std::get_if<Trade>(&event); trade != nullptr && !trade->snapshot) {
      if (trades_.empty() || trades_.back().first != trade->symbol) trades_.emplace_back(trade->symbol, 0);
      trades_.back().second.push_back(*trade);
    }
  }

  // What takes a whole message to tell.
  void finish() {
    if (candle_) {
      // A snapshot tells several, the running one last; v1 tells that one only.
      candle_->first.symbol = candle_->second;
      std::string text;
      if (in_v1()) {
        const auto minutes = static_cast<int>(candle_->first.interval / std::chrono::minutes(1));
        spot_v1::append_ohlc(text, number(Feed::ohlc(candle_->second, minutes)), candle_->first);
      } else {
        const std::array one{candle_->first};
        spot_v2::append_ohlc(text, one, candle_->first.snapshot, candle_->first.exchange_time.value_or(frame_.at));
      }
      say(std::move(text));
    }
    if (!in_v1()) return;
    // v1 has one message for each symbol.
    for (auto& [symbol, trades] : trades_) {
      for (Trade& trade : trades) trade.symbol = symbol;
      std::string text;
      spot_v1::append_trades(text, number(Feed::trade(symbol)), trades);
      say(std::move(text));
    }
  }

 private:
  bool in_v1() const { return owner_.to_ == Dialect::SpotV1; }
  static std::uint64_t number(const Feed& feed) { return SpotV1Front::channel_number(feed); }

  void say(std::string text) {
    owner_.said_.push_back({frame_.at, frame_.connection, Direction::FromExchange, FrameKind::Text, std::move(text)});
  }

  void tell(const StatusChange& status) {
    std::string text;
    if (in_v1()) {
      spot_v1::append_status(text, status);
    } else {
      auto own = status;
      own.api_version = "v2";
      spot_v2::append_status(text, own);
    }
    say(std::move(text));
  }

  // Only that a feed begins or ends: clients get their own answers.
  void tell(const Reply& reply) {
    const auto feed = RecordedDialect::of(owner_.from_).feed_of(reply);
    if (!feed) return;
    const bool begins = reply.method == "subscribe";
    begins ? connection_.routes.subscribed(*feed) : connection_.routes.unsubscribed(*feed);
    connection_.books.erase(*feed);
    for (const Feed& told : told_feeds({*feed}, owner_.from_, owner_.to_)) acknowledge(told, begins);
  }

  void acknowledge(const Feed& feed, bool begins) {
    Reply reply;
    reply.method = begins ? "subscribe" : "unsubscribe";
    reply.success = true;
    reply.channel = to_string(feed.channel);
    reply.symbol = feed.symbol;
    if (feed.depth != 0) reply.depth = feed.depth;
    if (feed.interval_minutes != 0) reply.interval_minutes = feed.interval_minutes;
    std::string text;
    if (in_v1()) {
      spot_v1::append_reply(text, reply, {.channel_id = number(feed)});
    } else {
      if (begins) reply.snapshot = true;
      reply.time_in = reply.time_out = frame_.at;
      spot_v2::append_reply(text, reply);
    }
    say(std::move(text));
  }

  void tell(const Feed& feed, const BookSnapshot& snapshot) {
    auto& own = connection_.books.try_emplace(feed, feed).first->second;
    // A book that does not hold together is told on as it is, so that whoever verifies it notices.
    static_cast<void>(own.book.reset(snapshot));
    auto told = snapshot;
    told.symbol = feed.symbol;
    told.exchange_time = snapshot.exchange_time.value_or(frame_.at);
    std::string text;
    if (in_v1()) {
      spot_v1::append_book(text, number(feed), feed.depth, told);
    } else {
      // Kraken sends zero quantities in neither, so the levels are the book's own.
      const auto image = BookImage::of(own.book, static_cast<std::size_t>(feed.depth));
      told.bids = image.bids;
      told.asks = image.asks;
      told.checksum = own.book.checksum();
      spot_v2::append_book(text, told);
    }
    say(std::move(text));
    tell_spread(feed, own, *told.exchange_time);
  }

  void tell(const Feed& feed, const BookUpdate& update) {
    const auto at = connection_.books.find(feed);
    if (at == connection_.books.end() || (update.bids.empty() && update.asks.empty())) return;
    auto& own = at->second;
    static_cast<void>(own.book.apply(update));
    auto told = update;
    told.symbol = feed.symbol;
    told.exchange_time = update.exchange_time.value_or(frame_.at);
    std::string text;
    if (in_v1()) {
      spot_v1::append_book(text, number(feed), feed.depth, told);
    } else {
      if (!told.checksum) told.checksum = own.book.checksum();
      spot_v2::append_book(text, told);
    }
    say(std::move(text));
    tell_spread(feed, own, *told.exchange_time);
  }

  // When the best bid or ask has changed, in price or quantity (spot-v1 section 5.5).
  void tell_spread(const Feed& feed, Connection::Book& own, Timestamp at) {
    if (!in_v1() || own.book.bids().empty() || own.book.asks().empty()) return;
    const Level& bid = own.book.bids().front();
    const Level& ask = own.book.asks().front();
    auto best = bid.price.text() + ' ' + bid.quantity.text() + ' ' + ask.price.text() + ' ' + ask.quantity.text();
    if (std::exchange(own.told_spread, best) == best) return;
    std::string text;
    spot_v1::append_spread(text, number(Feed::of(Channel::Spread, feed.symbol)),
                           {feed.symbol, bid.price, ask.price, bid.quantity, ask.quantity, at});
    say(std::move(text));
  }

  TranslatedSource& owner_;
  Connection& connection_;
  const Frame& frame_;
  std::optional<std::pair<Candle, std::string>> candle_;
  std::vector<std::pair<std::string, std::vector<Trade>>> trades_;  // with their symbol
};

bool TranslatedSource::knows(Dialect from, Dialect to) {
  return (from == Dialect::SpotV2 && to == Dialect::SpotV1) || (from == Dialect::SpotV1 && to == Dialect::SpotV2);
}

std::vector<Feed> TranslatedSource::told_feeds(const std::vector<Feed>& feeds, Dialect from, Dialect to) {
  KTAPE_ASSERT(knows(from, to), "there is no such translation");
  const bool in_v1 = to == Dialect::SpotV1;
  std::vector<Feed> told;
  for (const Feed& feed : feeds) {
    const bool is_book = feed.channel == Channel::Book;
    if (is_book || feed.channel == Channel::Ohlc || (in_v1 && feed.channel == Channel::Trade)) told.push_back(feed);
    if (is_book && in_v1) told.push_back(Feed::of(Channel::Spread, feed.symbol));
  }
  return told;
}

TranslatedSource::TranslatedSource(std::unique_ptr<FrameSource> inner, Dialect from, Dialect to)
    : inner_(std::move(inner)), from_(from), to_(to) {
  KTAPE_ASSERT(knows(from, to), "there is no such translation");
}

TranslatedSource::~TranslatedSource() = default;

Result<std::optional<Frame>> TranslatedSource::next() {
  while (said_.empty()) {
    auto frame = inner_->next();
    if (!frame) return tl::unexpected<Error>(frame.error());
    if (!*frame) return std::optional<Frame>{};
    take(**frame);
  }
  current_ = std::move(said_.front());
  said_.pop_front();
  return std::optional(Frame{current_.at, current_.connection, current_.direction, current_.kind, current_.payload});
}

void TranslatedSource::take(const Frame& frame) {
  if (web_requests_.holds(frame)) return;
  auto& connection = connections_[frame.connection];
  if (!connection || frame.kind == FrameKind::Opened) connection = std::make_unique<Connection>(from_);
  if (frame.kind != FrameKind::Text) {
    const auto payload = frame.kind == FrameKind::Opened ? public_url(to_) : frame.payload;
    said_.push_back({frame.at, frame.connection, frame.direction, frame.kind, std::string(payload)});
  } else if (frame.direction == Direction::FromExchange) {
    Speaker speaker(*this, *connection, frame);
    connection->codec->decode(frame.payload, speaker);
    speaker.finish();
  }
}

}  // namespace ktape
