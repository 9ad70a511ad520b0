#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/decimal.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/futures/refusal.hpp"
#include "core/protocol/futures/request.hpp"
#include "exchange/futures_engine.hpp"
#include "exchange/futures_statement.hpp"
#include "exchange/guest_exchange.hpp"

namespace ktape {

// Who may hear private feeds. Both are asked for every request.
struct FuturesKeys {
  // The account of a key that may read; nullptr for any other key.
  std::function<const FuturesTerms*(std::string_view api_key)> account_of;
  // Whether `signature` is that key's over the challenge (futures-v1 section 3.2).
  std::function<bool(std::string_view api_key, std::string_view challenge, std::string_view signature)> verifies;
};

// Where Kraken's behaviour is not known, or has changed, the choice has a name (futures-v1 sections 3 and 5).
struct FuturesPrivateOptions {
  std::uint64_t seed = 1;  // challenges follow from it
  futures::RefusalForm refusals = futures::RefusalForm::Observed;
  // What `qty` of an order is: what remains of it, as captured, or all of it, as documented.
  bool tells_remaining_quantity = true;
};

// The private side of Kraken's Futures endpoint: challenges, which belong to their connection, and the private feeds
// with their snapshots, and after them what the engine's orders bring about: changes of orders, fills, positions,
// balances and the account log, in this order. Positions are told anew when the market tells their marks. An order that
// is filled whole leaves open_orders without details (form B of futures-v1 section 5.1).
class FuturesPrivate final : public GuestExchange, private FuturesListener {
 public:
  // `timers` outlives it.
  FuturesPrivate(TimerService& timers, FuturesKeys keys, FuturesPrivateOptions options = {});
  FuturesPrivate(const FuturesPrivate&) = delete;
  FuturesPrivate& operator=(const FuturesPrivate&) = delete;

  // Whose orders are told; without it there are none. It outlives this. Once, before the first connection.
  void follow(FuturesEngine& engine);

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void attach_guest(ConnectionId connection, FrameSink& client) override;
  void on_frame(const Frame& frame) override;

 private:
  struct Subscriber {
    std::string account;
    std::set<std::string, std::less<>> products{};  // of fills: only these; empty: all
    std::int64_t sequence = 0;                      // of the next message of feeds that count them
  };
  struct Connection {
    FrameSink* client = nullptr;
    bool greeted = false;
    std::string challenge;  // the last one that was given out
    std::map<std::string, Subscriber, std::less<>> feeds;
    Timer greeting;
  };
  using Parsed = futures::ParsedRequest;

  void on_futures_event(std::string_view account, const FuturesEvent& event) override;
  void on_futures_booking(std::string_view account, const FuturesBooking& booking) override;
  void on_futures_marks(std::string_view account) override;
  void tell_order(std::string_view account, const FuturesEvent& event);
  // Sends what `text` makes of each who hears this feed of this account.
  template <class Text>
  void tell(std::string_view feed, std::string_view account, Text text);

  void greet(ConnectionId connection);
  void on_text(ConnectionId connection, std::string_view text);
  void give_challenge(ConnectionId connection, const Parsed& parsed);
  void subscribe(ConnectionId connection, const Parsed& parsed, const FuturesTerms& terms);
  std::string snapshot(std::string_view feed, Subscriber& to, const FuturesTerms& terms) const;
  void refuse(ConnectionId connection, futures::Problem problem);
  const FuturesTerms* authenticated(const Connection& connection, const Parsed& parsed) const;
  FuturesStatement statement(const FuturesTerms& terms) const;
  void send(ConnectionId connection, std::string_view text);

  TimerService& timers_;
  FuturesKeys keys_;
  FuturesPrivateOptions options_;
  std::uint64_t challenges_ = 0;
  const FuturesEngine* engine_ = nullptr;
  std::map<ConnectionId, Connection> connections_;
};

}  // namespace ktape
