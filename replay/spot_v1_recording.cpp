#include "replay/spot_v1_recording.hpp"

#include <array>
#include <charconv>
#include <map>

#include "core/protocol/spot_v1/classify.hpp"
#include "core/protocol/spot_v1/server_encode.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"
#include "exchange/spot_v1_front.hpp"

namespace ktape {
namespace {

constexpr std::array kMarketChannels{Channel::Book, Channel::Trade, Channel::Ticker, Channel::Ohlc, Channel::Spread};

std::optional<int> whole(std::string_view digits) {
  int number = 0;
  const auto* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  return error == std::errc{} && stop == end && number > 0 ? std::optional(number) : std::nullopt;
}

// "book-10" and XBT/USD.
std::optional<Feed> feed_named(std::string_view channel_name, std::string_view pair) {
  const auto dash = channel_name.find('-');
  for (const Channel channel : kMarketChannels) {
    if (to_string(channel) != channel_name.substr(0, dash)) continue;
    Feed feed = Feed::of(channel, spot_v2::modern_symbol(pair));
    if (channel != Channel::Book && channel != Channel::Ohlc) return feed;
    const auto variant = dash == std::string_view::npos ? std::nullopt : whole(channel_name.substr(dash + 1));
    if (!variant) return std::nullopt;
    (channel == Channel::Book ? feed.depth : feed.interval_minutes) = *variant;
    return feed;
  }
  return std::nullopt;
}

// A book with the time of each level, which v1 tells, and with what was said last: a level that comes into somebody's
// sight without having been said just now comes with its own time and "r" (spot-v1 section 5.6).
class BookOfSpotV1 final : public FeedState, public BookTeller {
 public:
  BookOfSpotV1(const Feed& feed, const RecordedDialect& dialect)
      : feed_(feed), dialect_(dialect), book_(BookSpec{feed.symbol, feed.depth, std::nullopt, std::nullopt}) {}

  // What does not fit leaves the book incomplete; the recording is played on as it is.
  void take(const Event& event, std::string_view text) override {
    if (!number_) number_ = dialect_.channel_number(text);
    ++message_;
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      bids_.clear();
      asks_.clear();
      static_cast<void>(book_.reset(*snapshot));
      note(bids_, snapshot->bids, snapshot->bid_times, book_.bids());
      note(asks_, snapshot->asks, snapshot->ask_times, book_.asks());
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      static_cast<void>(book_.apply(*update));
      note(bids_, update->bids, update->bid_times, book_.bids());
      note(asks_, update->asks, update->ask_times, book_.asks());
    }
  }
  bool complete() const override { return book_.state() == BookState::Live; }
  std::string snapshot() override { return snapshot_as(feed_, whole_image()); }
  std::vector<std::string> difference(const FeedState& before) override {
    const auto& old = static_cast<const BookOfSpotV1&>(before);
    const auto change = BookChange::between(old.whole_image(), whole_image(), book_);
    if (change.empty()) return {};
    return {update_as(feed_, change)};
  }
  std::unique_ptr<FeedState> copy() const override { return std::make_unique<BookOfSpotV1>(*this); }
  BookTeller* teller() override { return this; }

  OrderBook& book() override { return book_; }
  std::string snapshot_as(const Feed& feed, const BookImage& image) override {
    const auto bids = entries(bids_, image.bids, false);
    const auto asks = entries(asks_, image.asks, false);
    std::string text;
    spot_v1::append_book_snapshot(text, number_of(feed), feed.depth, {feed.symbol, bids, asks, std::nullopt});
    return text;
  }
  std::string update_as(const Feed& feed, const BookChange& change) override {
    const auto bids = entries(bids_, change.bids, true);
    const auto asks = entries(asks_, change.asks, true);
    std::string text;
    spot_v1::append_book_update(text, number_of(feed), feed.depth, {feed.symbol, bids, asks, book_.checksum()});
    return text;
  }

 private:
  struct Said {
    Timestamp at{};
    std::uint64_t message = 0;
  };
  using SaidOf = std::map<Decimal, Said>;

  BookImage whole_image() const { return BookImage::of(book_, static_cast<std::size_t>(feed_.depth)); }

  void note(SaidOf& said, std::span<const Level> levels, std::span<const Timestamp> times, LevelsView held) const {
    for (std::size_t i = 0; i < levels.size(); ++i) {
      said.insert_or_assign(levels[i].price, Said{i < times.size() ? times[i] : Timestamp{}, message_});
    }
    // What has left the book is forgotten, now and then.
    if (said.size() <= 2 * held.size() + 64) return;
    SaidOf kept;
    for (const Level& level : held) {
      if (const auto at = said.find(level.price); at != said.end()) kept.insert(*at);
    }
    for (const Level& level : levels) kept.insert_or_assign(level.price, said[level.price]);
    said = std::move(kept);
  }

  std::vector<spot_v1::BookEntry> entries(const SaidOf& said, const std::vector<Level>& levels, bool as_news) const {
    std::vector<spot_v1::BookEntry> out;
    for (const Level& level : levels) {
      const auto at = said.find(level.price);
      const Said known = at == said.end() ? Said{} : at->second;
      const bool republished = as_news && !level.quantity.is_zero() && known.message != message_;
      out.push_back({level, known.at, republished});
    }
    return out;
  }
  std::uint64_t number_of(const Feed& feed) const {
    return feed == feed_ && number_ ? *number_ : SpotV1Front::channel_number(feed);
  }

  Feed feed_;
  const RecordedDialect& dialect_;
  OrderBook book_;
  SaidOf bids_, asks_;
  std::uint64_t message_ = 0;
  std::optional<std::uint64_t> number_;
};

}  // namespace

std::optional<Feed> SpotV1Recording::feed_of(const Reply& reply) const {
  if (!reply.success) return std::nullopt;
  for (const Channel channel : kMarketChannels) {
    if (to_string(channel) != reply.channel) continue;
    Feed feed = Feed::of(channel, std::string(reply.symbol));
    if (channel == Channel::Book) feed.depth = reply.depth.value_or(10);
    if (channel == Channel::Ohlc) feed.interval_minutes = reply.interval_minutes.value_or(1);
    return feed;
  }
  return std::nullopt;
}

std::optional<Feed> SpotV1Recording::feed_in(const Event& event, std::string_view text) const {
  if (std::holds_alternative<Reply>(event)) return std::nullopt;
  const auto name = spot_v1::data_name(text);
  if (!name) return std::nullopt;
  return feed_named(name->channel_name, name->pair);
}

// First in data, a member of acknowledgements.
std::optional<std::uint64_t> SpotV1Recording::channel_number(std::string_view text) const {
  constexpr std::string_view kKey = R"("channelID":)";
  const auto key = text.starts_with('[') ? 0 : text.find(kKey);
  if (key == std::string_view::npos) return std::nullopt;
  const auto digits = text.substr(key + (text.starts_with('[') ? 1 : kKey.size()));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} ? std::optional(number) : std::nullopt;
}

std::unique_ptr<FeedState> SpotV1Recording::make_state(const Feed& feed) const {
  switch (feed.channel) {
    case Channel::Book:
      return std::make_unique<BookOfSpotV1>(feed, *this);
    case Channel::Trade:
      return std::make_unique<Momentary>();
    default:
      return std::make_unique<LastMessage>();
  }
}

std::string SpotV1Recording::answered_again(std::string_view answer, Timestamp /*at*/) const {
  return std::string(answer);
}

std::string SpotV1Recording::answer_to(const Feed& feed, Timestamp /*at*/) const {
  Reply reply;
  reply.method = "subscribe";
  reply.success = true;
  reply.channel = to_string(feed.channel);
  reply.symbol = feed.symbol;
  if (feed.channel == Channel::Book) reply.depth = feed.depth;
  if (feed.channel == Channel::Ohlc) reply.interval_minutes = feed.interval_minutes;
  std::string text;
  spot_v1::append_reply(text, reply, {.channel_id = SpotV1Front::channel_number(feed)});
  return text;
}

}  // namespace ktape
