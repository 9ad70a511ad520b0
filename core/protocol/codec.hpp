#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/market/event.hpp"
#include "core/protocol/trading.hpp"

namespace ktape {

enum class Method : std::uint8_t {
  Subscribe,
  Unsubscribe,
  Ping,
  Challenge,  // Futures: asks for the text that private feeds have to be signed with
  Trade,      // Request::trading says what
};

// What can be subscribed to, in any dialect. Which dialect has which is told by Codec::check().
enum class Channel : std::uint8_t {
  Book,
  Trade,
  Ticker,
  Ohlc,
  Instrument,
  Level3,      // Spot v2, on a host of its own, with a token
  Spread,      // Spot v1
  Executions,  // Spot v2, private; so is Balances, also in Futures
  Balances,
  OwnTrades,  // Spot v1, private; so is OpenOrders, also in Futures
  OpenOrders,
  TickerLite,  // Futures; so is all that follows
  Heartbeat,
  OpenOrdersVerbose,
  Fills,
  OpenPositions,
  AccountLog,
  Notifications,
  AccountBalancesAndMargins,
  DepositsWithdrawals,
};
inline constexpr int kChannels = static_cast<int>(Channel::DepositsWithdrawals) + 1;

std::string_view to_string(Method method);
std::string_view to_string(Channel channel);  // as Kraken calls it
std::optional<Channel> parse_channel(std::string_view name);

// Whether it tells about an account, and so needs a token or a signed challenge. Level3 needs a token, too, but tells
// about the market.
bool is_private(Channel channel);

// What a client wants to hear. Its identity is all of it: the same channel with another depth is another subscription.
// A dialect looks only at what it has.
struct Subscription {
  Channel channel = Channel::Book;
  std::vector<std::string> symbols{};    // Spot: BTC/USD, also in v1; Futures: product ids. Empty: no such filter
  int depth = 10;                        // book, level3
  int interval_minutes = 1;              // ohlc
  std::string event_trigger = "trades";  // ticker of Spot v2: trades or bbo
  bool snapshot = true;

  bool snapshot_orders = true;    // executions
  bool snapshot_trades = false;   // executions, ownTrades
  bool order_status = true;       // executions: every transition
  bool rate_counter = false;      // executions, openOrders of v1
  bool consolidate_taker = true;  // ownTrades
  bool rebased = true;            // executions, balances: of tokenised assets, in units of the underlying one
  bool all_users = false;         // executions, balances: a master account hears its sub-accounts, without a snapshot

  friend bool operator==(const Subscription&, const Subscription&) = default;
};

// What proves to the exchange who asks. Never logged; recordings hold pseudonyms in its place.
struct Authorisation {
  std::string token{};  // Spot
  // Futures
  std::string api_key{}, original_challenge{}, signed_challenge{};

  friend bool operator==(const Authorisation&, const Authorisation&) = default;
};

struct Request {
  Method method = Method::Subscribe;
  std::int64_t request_id = 0;    // Futures has none: requests are answered in their order
  Subscription subscription{};    // Subscribe, Unsubscribe
  TradingRequest trading{};       // Trade
  Authorisation authorisation{};  // where it is needed
};

// "subscribe", "add_order", ...
std::string_view name_of(const Request& request);

// What a connection has said so far, by kind. An unknown message is counted under UnknownMessage::what's first words.
struct CodecStats {
  std::uint64_t messages = 0;
  std::uint64_t unknown_messages = 0;
  std::uint64_t unknown_fields = 0;
};

// The runtime face of a dialect: one per connection, since v1 must remember which channel number means which pair.
class Codec {
 public:
  virtual ~Codec() = default;

  // Refuses what the exchange would refuse or what this dialect cannot say, with the value and what is allowed instead.
  virtual Result<void> check(const Request& request) const = 0;

  // Only what check() has let pass.
  virtual std::string encode(const Request& request) const = 0;

  // Turns one message of the exchange into events, in wire order. What is not understood becomes UnknownMessage; only a
  // message beyond all limits is an error. `text` need not be terminated.
  virtual void decode(std::string_view text, EventSink& out) = 0;

  // Reads what a client said, in the same dialect; an error carries what the exchange would object to.
  virtual Result<Request> decode_request(std::string_view text) const = 0;

  // Called with each request when it has gone out, also in a replay. Dialects without request ids need it to know what
  // an answer is about.
  virtual void sent(const Request& request) { static_cast<void>(request); }

  // Whether a private request has to carry a signed challenge instead of a token.
  virtual bool signs_challenges() const { return false; }

  // Whether answers are known by their order alone. A request's id is then not on the wire but the caller's own: what
  // sent() was told comes back in the Reply.
  virtual bool answers_in_order() const { return false; }

  // Whether being subscribed to this channel, as replies call it, makes the exchange say something every second or so.
  virtual bool keeps_talking(std::string_view channel) const {
    static_cast<void>(channel);
    return true;
  }

  virtual const CodecStats& stats() const = 0;

  // Called when a connection opens: nothing learnt from the one before it holds.
  virtual void reset() = 0;
};

}  // namespace ktape
