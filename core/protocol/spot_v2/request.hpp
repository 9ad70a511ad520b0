#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/protocol/codec.hpp"

namespace ktape::spot_v2 {

// A client's message beyond this is malformed: real ones stay below 10 KB even with hundreds of symbols.
inline constexpr std::size_t kMaxRequestBytes = std::size_t{1} << 20;

// The exact JSON that a client sends, keys in the documented order and no whitespace:
// {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10,"snapshot":true},"req_id":1}
// A ping has no params: Kraken refuses one that has. Numbers have the places of their Decimal; what is absent is not
// sent. The token is the last of the params.
std::string encode(const Request& request);

// Which of Kraken's hosts a request is read for: each serves something else (spot-v2 section 1.1).
enum class Host : std::uint8_t {
  Any,      // whatever the dialect has
  Public,   // market data
  Private,  // executions, balances, trading; and level3, which it served until December 2025
  Level3,
};

// All that a server needs of a client's message, whatever the order of its keys. Text is copied: it stays valid.
struct ParsedRequest {
  std::optional<std::string> method;  // as written; empty for malformed text and where it is missing or no string
  std::optional<std::int64_t> request_id;

  bool has_params = false;
  std::optional<std::string> channel;  // as written
  std::vector<std::string> symbols;    // in the order of the request, as written
  bool has_symbols = false;            // a `symbol` member was there, well-formed or not
  std::optional<std::int64_t> depth;
  std::optional<std::int64_t> interval_minutes;
  std::optional<bool> snapshot;
  std::optional<std::string> event_trigger;
  bool has_token = false;
  std::string token;  // as written; to be compared, never to be shown
  std::optional<bool> snapshot_orders, snapshot_trades, order_status, rate_counter, rebased;
  bool all_users = false;

  // A request that trades, if all its parameters could be read. What the rules say of it is in `problems`.
  std::optional<TradingRequest> trading;

  // Members of `params` that this channel does not know. Kraken's own SDK sends a whole acknowledgement back when it
  // subscribes again, so a server had better ignore them. Unknown members at the top level are in `problems`.
  std::vector<std::string> unknown_params;

  // What Kraken would object to in the request as a whole, the first objection first, in its words (spot-v2 section
  // 3.3; where the words are not known, in the style of those that are). Empty: the request makes sense. What is wrong
  // with one symbol only is symbol_problem()'s, since the other symbols of the request are served.
  std::vector<std::string> problems;

  // problems.front() is what the private backend says: the answer has the `channel` and "status":"error" (shape C).
  bool from_backend = false;

  // The `method` of the answer: "error" for malformed text, "subscribe" where the request has none, or its own.
  std::string reply_method = "error";

  bool well_formed() const { return reply_method != "error" || method == "error"; }
};

// Never fails: what is wrong is in `problems`. The last of two equal keys counts.
ParsedRequest parse_request(std::string_view text, Host host = Host::Public);

// What Kraken says of this symbol's spelling: "Currency pair not in ISO 4217-A3 format UNKNOWN" without a slash,
// "Currency pair not supported XBT/USD" for a name of v1. Nothing for a spelling that may be listed.
std::optional<std::string> symbol_problem(std::string_view symbol);

// The request in the terms that all dialects share. The error carries the first problem, of the request or of one of
// its symbols, in Kraken's words.
Result<Request> to_request(const ParsedRequest& parsed);

}  // namespace ktape::spot_v2
