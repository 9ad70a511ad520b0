#include "replay/spot_v2_recording.hpp"

#include <algorithm>
#include <array>

#include "core/protocol/spot_v2/codec.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"

namespace ktape {
namespace {

constexpr std::array kMarketChannels{Channel::Book, Channel::Trade, Channel::Ticker, Channel::Ohlc,
                                     Channel::Instrument};

std::optional<Channel> market_channel(std::string_view name) {
  for (const auto channel : kMarketChannels) {
    if (to_string(channel) == name) return channel;
  }
  return std::nullopt;
}

// Takes the first reply out of a message and says it again.
class ReplyReader final : public EventSink {
 public:
  explicit ReplyReader(Timestamp at) : at_(at) {}
  void on_event(const Event& event) override {
    const auto* reply = std::get_if<Reply>(&event);
    if (reply == nullptr || !text.empty()) return;
    Reply again = *reply;
    // Trades between the true answer and now are not told: what is told is complete from now on only.
    again.time_in = again.time_out = at_;
    spot_v2::append_reply(text, again);
  }
  std::string text;

 private:
  Timestamp at_;
};

}  // namespace

int book_depth_of(const BookSnapshot& snapshot) {
  const auto levels = std::max(snapshot.bids.size(), snapshot.asks.size());
  for (const int depth : spot_v2::kBookDepths) {
    if (static_cast<std::size_t>(depth) >= levels) return depth;
  }
  return spot_v2::kBookDepths.back();
}

// Pushed data never has a method.
bool SpotV2Recording::may_answer(std::string_view text) const {
  return text.find("\"method\"") != std::string_view::npos || text.find("\"status\"") != std::string_view::npos;
}

std::optional<Feed> SpotV2Recording::feed_of(const Reply& reply) const {
  const auto channel = market_channel(reply.channel);
  if (!reply.success || !channel) return std::nullopt;
  Feed feed = Feed::of(*channel, std::string(reply.symbol));
  if (*channel == Channel::Book) feed.depth = reply.depth.value_or(10);
  if (*channel == Channel::Ohlc) feed.interval_minutes = reply.interval_minutes.value_or(1);
  if (*channel == Channel::Ticker) {
    feed.event_trigger = reply.event_trigger.empty() ? std::string_view("trades") : reply.event_trigger;
  }
  return feed;
}

std::optional<Feed> SpotV2Recording::feed_in(const Event& event, std::string_view /*text*/) const {
  if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
    return Feed::book(std::string(snapshot->symbol), book_depth_of(*snapshot));
  }
  if (const auto* update = std::get_if<BookUpdate>(&event)) return Feed::book(std::string(update->symbol), 0);
  if (const auto* trade = std::get_if<Trade>(&event)) return Feed::trade(std::string(trade->symbol));
  if (const auto* ticker = std::get_if<Ticker>(&event)) return Feed::ticker(std::string(ticker->symbol));
  if (const auto* candle = std::get_if<Candle>(&event)) {
    return Feed::ohlc(std::string(candle->symbol), static_cast<int>(candle->interval / std::chrono::minutes(1)));
  }
  if (std::holds_alternative<InstrumentUpdate>(event)) return Feed::instrument();
  return std::nullopt;
}

std::optional<Feed> SpotV2Recording::feed_of_empty_snapshot(std::string_view text) const {
  if (text.find(R"("type":"snapshot")") == std::string_view::npos) return std::nullopt;
  for (const auto channel : kMarketChannels) {
    const auto named = R"("channel":")" + std::string(to_string(channel)) + '"';
    if (text.find(named) != std::string_view::npos) return Feed::of(channel, {});
  }
  return std::nullopt;
}

std::unique_ptr<FeedState> SpotV2Recording::make_state(const Feed& feed) const { return make_spot_v2_state(feed); }

std::string SpotV2Recording::answered_again(std::string_view answer, Timestamp at) const {
  ReplyReader reader(at);
  spot_v2::SpotV2Codec().decode(answer, reader);
  return std::move(reader.text);
}

std::string SpotV2Recording::answer_to(const Feed& feed, Timestamp at) const {
  Reply reply;
  reply.method = "subscribe";
  reply.success = true;
  reply.channel = to_string(feed.channel);
  reply.symbol = feed.symbol;
  if (feed.depth != 0) reply.depth = feed.depth;
  if (feed.interval_minutes != 0) reply.interval_minutes = feed.interval_minutes;
  reply.event_trigger = feed.event_trigger;
  reply.snapshot = true;
  reply.time_in = reply.time_out = at;
  std::string text;
  spot_v2::append_reply(text, reply);
  return text;
}

}  // namespace ktape
