#include "core/protocol/futures/server_encode.hpp"

#include <array>
#include <vector>

#include "core/base/assert.hpp"
#include "core/protocol/futures/json_object.hpp"

namespace ktape::futures {
namespace {

std::optional<Decimal> unless_zero(const std::optional<Decimal>& rate) {
  return rate && !rate->is_zero() ? rate : std::nullopt;
}

void add_trade(JsonObject& object, const Trade& trade) {
  object.add("feed", "trade")
      .add("product_id", trade.symbol)
      .add_text("uid", trade.uid)
      .add("side", to_string(trade.side))
      .add("type", trade.kind)
      .add("seq", trade.trade_id)
      .add("time", trade.exchange_time)
      .add("qty", trade.quantity)
      .add("price", trade.price);
}

void add_level(JsonObject& object, const Level& level) { object.add("price", level.price).add("qty", level.quantity); }

void add_greeks(JsonObject& object, const std::optional<OptionGreeks>& greeks) {
  if (!greeks) return;
  object.object("greeks", [&](JsonObject& inner) {
    inner.add("iv", greeks->iv)
        .add("delta", greeks->delta)
        .add("theta", greeks->theta)
        .add("gamma", greeks->gamma)
        .add("vega", greeks->vega)
        .add("rho", greeks->rho);
  });
}

void add_maturity(JsonObject& object, const TickerDetails& details) {
  object.add("maturityTime", details.maturity.value_or(Timestamp{}));
}

}  // namespace

void append_info(std::string& out) { out += R"({"event":"info","version":1})"; }

void append_challenge(std::string& out, std::string_view message) {
  JsonObject(out).add("event", "challenge").add("message", message);
}

void append_pong(std::string& out) { out += R"({"event":"pong"})"; }

void append_refusal(std::string& out, const Refusal& refusal) {
  JsonObject(out).add("event", refusal.event).add("message", refusal.message);
}

void append_confirmation(std::string& out, const Confirmation& confirmation) {
  JsonObject object(out);
  object.add("event", confirmation.method == Method::Subscribe ? "subscribed" : "unsubscribed")
      .add("feed", confirmation.feed);
  if (!confirmation.product.empty()) object.texts("product_ids", std::array{confirmation.product});
  if (const Authorisation* const echo = confirmation.echo) {
    object.add("api_key", echo->api_key)
        .add("original_challenge", echo->original_challenge)
        .add("signed_challenge", echo->signed_challenge);
  }
}

void append_heartbeat(std::string& out, Timestamp at) { JsonObject(out).add("feed", "heartbeat").add("time", at); }

void append_ticker(std::string& out, const Ticker& ticker, const TickerDetails& details) {
  JsonObject object(out);
  object.add("time", ticker.exchange_time)
      .add("product_id", ticker.symbol)
      .add("funding_rate", unless_zero(ticker.funding_rate))
      .add("funding_rate_prediction", unless_zero(ticker.funding_rate_prediction))
      .add("relative_funding_rate", unless_zero(details.relative_funding_rate))
      .add("relative_funding_rate_prediction", unless_zero(details.relative_funding_rate_prediction))
      .add("next_funding_rate_time", ticker.next_funding_time)
      .add("feed", "ticker")
      .add("bid", ticker.bid)
      .add("ask", ticker.ask)
      .add("bid_size", ticker.bid_quantity)
      .add("ask_size", ticker.ask_quantity)
      .add("volume", ticker.volume)
      .add("dtm", details.days_to_maturity)
      .add_text("leverage", details.leverage)
      .add("index", ticker.index_price)
      .add("premium", ticker.premium)
      .add("last", ticker.last)
      .add("change", ticker.change_percent)
      .add("suspended", ticker.suspended.value_or(false))
      .add_text("tag", details.tag)
      .add_text("pair", details.pair)
      .add("openInterest", ticker.open_interest)
      .add("markPrice", ticker.mark_price);
  add_maturity(object, details);
  object.add("post_only", ticker.post_only.value_or(false)).add("volumeQuote", details.volume_quote);
  // Since 2025; without it the high and low of a Ticker mean nothing.
  if (ticker.open) object.add("open", ticker.open).add("high", ticker.high).add("low", ticker.low);
  add_greeks(object, details.greeks);
}

void append_ticker_lite(std::string& out, const Ticker& ticker, const TickerDetails& details) {
  JsonObject object(out);
  object.add("feed", "ticker_lite")
      .add("product_id", ticker.symbol)
      .add("bid", ticker.bid)
      .add("ask", ticker.ask)
      .add("change", ticker.change_percent)
      .add("premium", ticker.premium)
      .add("volume", ticker.volume)
      .add_text("tag", details.tag)
      .add_text("pair", details.pair)
      .add("dtm", details.days_to_maturity);
  add_maturity(object, details);
  object.add("volumeQuote", details.volume_quote);
  add_greeks(object, details.greeks);
}

void append_trade(std::string& out, const Trade& trade) {
  JsonObject object(out);
  add_trade(object, trade);
}

void append_trade_snapshot(std::string& out, std::string_view product, std::span<const Trade> trades) {
  const std::vector<Trade> newest_first(trades.rbegin(), trades.rend());
  JsonObject(out).add("feed", "trade_snapshot").add("product_id", product).list("trades", newest_first, add_trade);
}

void append_book_snapshot(std::string& out, const BookSnapshot& book) {
  JsonObject(out)
      .add("feed", "book_snapshot")
      .add("product_id", book.symbol)
      .add("timestamp", book.exchange_time)
      .add("seq", book.sequence.value_or(0))
      .add_null("tickSize")
      .list("bids", book.bids, add_level)
      .list("asks", book.asks, add_level);
}

void append_book(std::string& out, const BookUpdate& update) {
  KTAPE_ASSERT(update.bids.size() + update.asks.size() == 1, "a delta of Futures has one level");
  const bool buy = !update.bids.empty();
  const Level& level = buy ? update.bids.front() : update.asks.front();
  JsonObject(out)
      .add("feed", "book")
      .add("product_id", update.symbol)
      .add("side", to_string(buy ? Side::Buy : Side::Sell))
      .add("seq", update.sequence.value_or(0))
      .add("price", level.price)
      .add("qty", level.quantity)
      .add("timestamp", update.exchange_time);
}

}  // namespace ktape::futures
