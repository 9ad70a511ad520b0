#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/protocol/codec.hpp"

namespace ktape::spot_v1 {

// A client's message beyond this is malformed: real ones stay below 10 KB even with hundreds of pairs.
inline constexpr std::size_t kMaxRequestBytes = std::size_t{1} << 20;

// Refuses what Kraken would refuse or v1 does not have, and names the value and what is allowed. Private channels and
// trading need a token.
Result<void> check(const Request& request);

// The exact JSON that a client sends, keys in the documented order and no whitespace; only what check() has let pass:
// {"event":"subscribe","reqid":7,"pair":["XBT/USD"],"subscription":{"name":"book","depth":10}}
// A request_id of zero is not sent, as v1 does not ask for one.
std::string encode(const Request& request);

// v1 has a host for market data and one for accounts; each refuses the other's work in words of its own.
enum class Host : std::uint8_t { Any, Public, Private };

// All that a server needs of a client's message, whatever the order of its keys. Text is copied: it stays valid.
struct ParsedRequest {
  std::optional<std::string> event;  // as written; empty for malformed text and where it is missing or no string
  std::optional<std::int64_t> request_id;
  std::vector<std::string> pairs;   // in the order of the request, as written: XBT/USD
  std::optional<std::string> name;  // of the subscription, as written; "*" is all that the host has
  std::optional<std::int64_t> depth, interval_minutes;
  // Of an unsubscription that names a channel by its number, in place of pairs and a subscription.
  std::optional<std::uint64_t> channel_id;
  std::optional<bool> snapshot, consolidate_taker, rate_counter;
  std::string token;         // of the subscription, or of a trading request
  std::string subscription;  // the object as it was written, to be sent back; empty if there was none

  // Trading: Unsupported if Kraken would take it and the terms that all dialects share have no place for it.
  std::optional<Result<TradingRequest>> trading;

  // What Kraken would object to in the request as a whole, the first objection first, in its words (spot-v1 sections 1,
  // 4.4 and 8.7; where the words are not known, in the style of those that are). Empty: the request makes sense. What
  // is wrong with one pair only is pair_problem()'s, since the other pairs of the request are served.
  std::vector<std::string> problems;
};

// Never fails: what is wrong is in `problems`. The last of two equal keys counts.
ParsedRequest parse_request(std::string_view text, Host host = Host::Any);

// What Kraken says of this pair's spelling: "Currency pair not in ISO 4217-A3 format UNKNOWN" without a slash,
// "Currency pair not supported BTC/USD" for a modern name. Nothing for a spelling that may be listed.
std::optional<std::string> pair_problem(std::string_view pair);

// The request in the terms that all dialects share. The error carries the first problem, of the request or of one of
// its pairs, in Kraken's words.
Result<Request> to_request(const ParsedRequest& parsed);

}  // namespace ktape::spot_v1
