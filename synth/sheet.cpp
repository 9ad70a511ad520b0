#include "synth/sheet.hpp"

#include "core/protocol/spot_v2/server_encode.hpp"

namespace ktape::synth {

const std::string& EventSheet::text(const Feed& feed, std::size_t variant) {
  if (!concerns(feed)) return none_;
  std::optional<std::string>* written = &ticker_;
  if (feed.channel == Channel::Book) written = &books_[variant];
  if (feed.channel == Channel::Ohlc) written = &candles_[variant];
  if (feed.channel == Channel::Trade) written = &trades_;
  if (!*written) *written = write(feed, variant);
  return **written;
}

bool EventSheet::concerns(const Feed& feed) const {
  switch (feed.channel) {
    case Channel::Book:
      return !event_.steps.empty();
    case Channel::Ticker:
      return feed.event_trigger == "bbo" ? event_.best_price_moved : !event_.trades.empty();
    case Channel::Trade:
    case Channel::Ohlc:
      return !event_.trades.empty();
    default:
      return false;
  }
  return false;
}

std::string EventSheet::write(const Feed& feed, std::size_t variant) {
  std::string out;
  switch (feed.channel) {
    case Channel::Book:
      if (const auto update = news_.book_update(event_, variant)) spot_v2::append_book(out, *update);
      break;
    case Channel::Trade:
      spot_v2::append_trades(out, news_.trades(event_), false);
      break;
    case Channel::Ticker:
      spot_v2::append_ticker(out, news_.ticker(event_.at, false));
      break;
    case Channel::Ohlc: {
      const Candle candle = news_.running_candle(variant, event_.at);
      spot_v2::append_ohlc(out, {&candle, 1}, false, event_.at);
      break;
    }
    default:
      break;
  }
  return out;
}

std::string snapshot_text(MarketNews& news, const Feed& feed, std::size_t variant, Timestamp now) {
  std::string out;
  switch (feed.channel) {
    case Channel::Book:
      spot_v2::append_book(out, news.book(variant));
      break;
    case Channel::Trade:
      spot_v2::append_trades(out, news.latest_trades(), true);
      break;
    case Channel::Ticker:
      spot_v2::append_ticker(out, news.ticker(now, true));
      break;
    case Channel::Ohlc: {
      const auto candles = news.recent_candles(variant, now);
      if (!candles.empty()) spot_v2::append_ohlc(out, candles, true, now);
      break;
    }
    default:
      break;
  }
  return out;
}

}  // namespace ktape::synth
