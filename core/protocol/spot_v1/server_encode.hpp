#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/market/event.hpp"

namespace ktape::spot_v1 {

// Kraken's side of the conversation: each function appends the exact text that the exchange would put on the wire, one
// whole message, to `out`. Members of objects are in alphabetical order and there is no white space, as in every
// capture (spot-v1 section 1). Symbols are given in their modern names and written in v1's. Decimals are printed with
// the places they have and never with an exponent; times are unix seconds with six decimals, or nine where six would
// lose something.

inline constexpr std::string_view kHeartbeat = R"({"event":"heartbeat"})";

void append_heartbeat(std::string& out);
void append_status(std::string& out, const StatusChange& status);

// What an acknowledgement says beside the Reply.
struct ReplyExtras {
  std::optional<std::uint64_t> channel_id{};     // of public channels
  std::optional<std::int64_t> max_rate_count{};  // of openOrders
  std::string_view subscription{};  // the client's own object, to be sent back verbatim; else made from the Reply
  std::string_view pair{};          // as the client wrote it, where that is no name of a symbol
};

// By the method of the reply: "pong", "error" (the message as a whole was refused), or subscribe and unsubscribe, one
// answer per symbol.
void append_reply(std::string& out, const Reply& reply, const ReplyExtras& extras = {});

// "add_order" answers as addOrderStatus, and so on. Of `orders` the first counts: v1 answers for one at a time.
void append_trading_reply(std::string& out, const TradingReply& reply);

// A level has a time of its own, and says whether it came back into sight with it ("r").
struct BookEntry {
  Level level{};
  Timestamp time{};
  bool republished = false;
};
// What is told of a book, best levels first in a snapshot.
struct BookEntries {
  std::string_view symbol{};
  std::span<const BookEntry> bids{};
  std::span<const BookEntry> asks{};
  std::optional<std::uint32_t> checksum{};  // of updates
};
void append_book_snapshot(std::string& out, std::uint64_t channel_id, int depth, const BookEntries& book);
// At least one level.
void append_book_update(std::string& out, std::uint64_t channel_id, int depth, const BookEntries& book);
// The same where every level has the time of its message.
void append_book(std::string& out, std::uint64_t channel_id, int depth, const BookSnapshot& book);
void append_book(std::string& out, std::uint64_t channel_id, int depth, const BookUpdate& update);

// All of one symbol, oldest first; at least one.
void append_trades(std::string& out, std::uint64_t channel_id, std::span<const Trade> trades);

// What a ticker tells of the current day, beside the last 24 hours of the Ticker.
struct TickerToday {
  Decimal last_quantity{};
  Decimal volume{}, vwap{}, low{}, high{}, open{};
  std::int64_t trades = 0;
};
void append_ticker(std::string& out, std::uint64_t channel_id, const Ticker& ticker, const TickerToday& today);

void append_spread(std::string& out, std::uint64_t channel_id, const Spread& spread);

// Its interval is a whole number of minutes.
void append_ohlc(std::string& out, std::uint64_t channel_id, const Candle& candle);

// Private channels, by what is set: of openOrders a report with a symbol is a whole order, and all others are changes.
void append_own_trades(std::string& out, const FillReports& fills);
// `rate_count`: what the account's rate counter stands at, for who asked for it; in changes only.
void append_open_orders(std::string& out, const OrderReports& orders, std::optional<std::int64_t> rate_count = {});

}  // namespace ktape::spot_v1
