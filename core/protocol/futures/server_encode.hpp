#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/market/event.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/futures/refusal.hpp"

namespace ktape::futures {

// Kraken's side of the conversation: each function appends the text of one whole message to `out`, keys in the order of
// captures or, where there is none, of the documentation (futures-v1 sections 3 and 4). Numbers are printed with the
// places they have and never with an exponent. account_encode.hpp has the private feeds.

// ---- control messages

void append_info(std::string& out);
void append_challenge(std::string& out, std::string_view message);
void append_pong(std::string& out);
void append_refusal(std::string& out, const Refusal& refusal);

// The exchange sends one for each product. Without products the message has none.
struct Confirmation {
  Method method = Method::Subscribe;  // or Unsubscribe
  std::string_view feed{};
  std::string_view product{};
  const Authorisation* echo = nullptr;  // what the documentation shows of private feeds, and nobody has seen
};
void append_confirmation(std::string& out, const Confirmation& confirmation);

// ---- public feeds

void append_heartbeat(std::string& out, Timestamp at);

struct OptionGreeks {
  std::optional<Decimal> iv{}, delta{}, theta{}, gamma{}, vega{}, rho{};
};
// What a ticker has beyond Ticker, whose change_percent is `change`. A funding rate of zero is left out, as Kraken
// does.
struct TickerDetails {
  std::optional<Decimal> volume_quote{}, relative_funding_rate{}, relative_funding_rate_prediction{};
  std::int64_t days_to_maturity = 0;  // 0 for perpetual products, as is the next
  std::optional<Timestamp> maturity{};
  std::string_view leverage{};         // 50x
  std::string_view tag = "perpetual";  // week, month, quarter, semiannual
  std::string_view pair{};             // XBT:USD
  std::optional<OptionGreeks> greeks{};
};
void append_ticker(std::string& out, const Ticker& ticker, const TickerDetails& details);
void append_ticker_lite(std::string& out, const Ticker& ticker, const TickerDetails& details);

void append_trade(std::string& out, const Trade& trade);
// `trades` are oldest first and of this product; the message has them newest first.
void append_trade_snapshot(std::string& out, std::string_view product, std::span<const Trade> trades);

void append_book_snapshot(std::string& out, const BookSnapshot& book);
// An update of exactly one level.
void append_book(std::string& out, const BookUpdate& update);

}  // namespace ktape::futures
