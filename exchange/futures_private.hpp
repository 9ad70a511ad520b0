#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/decimal.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/futures/request.hpp"
#include "exchange/futures_engine.hpp"
#include "exchange/guest_exchange.hpp"

namespace ktape {

// What a Futures account was given; orders and positions are the engine's.
struct FuturesWallet {
  std::string account;  // a UUID
  std::map<std::string, Decimal, std::less<>> holding{};
};

// Who may hear private feeds. Both are asked for every request.
struct FuturesKeys {
  // The wallet of a key that may read; nullptr for any other key.
  std::function<const FuturesWallet*(std::string_view api_key)> wallet_of;
  // Whether `signature` is that key's over the challenge (futures-v1 section 3.2).
  std::function<bool(std::string_view api_key, std::string_view challenge, std::string_view signature)> verifies;
};

// The private side of Kraken's Futures endpoint: challenges, which belong to their connection, and the private feeds
// with their snapshots, and what the engine's orders bring about after them. Wallets never change.
class FuturesPrivate final : public GuestExchange, private FuturesListener {
 public:
  // `timers` outlives it. Challenges follow from the seed.
  FuturesPrivate(TimerService& timers, FuturesKeys keys, std::uint64_t seed = 1);
  FuturesPrivate(const FuturesPrivate&) = delete;
  FuturesPrivate& operator=(const FuturesPrivate&) = delete;

  // Whose orders are told; without it there are none. It outlives this. Once, before the first connection.
  void follow(FuturesEngine& engine);

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void attach_guest(ConnectionId connection, FrameSink& client) override;
  void on_frame(const Frame& frame) override;

 private:
  struct Connection {
    FrameSink* client = nullptr;
    bool greeted = false;
    std::string challenge;                                  // the last one that was given out
    std::map<std::string, std::string, std::less<>> feeds;  // with the account of each
    std::int64_t sequence = 0;
    Timer greeting;
  };
  using Parsed = futures::ParsedRequest;

  void on_futures_event(std::string_view account, const FuturesEvent& event) override;
  void send_positions(ConnectionId connection, std::string_view account);
  template <class Text>
  void tell(std::string_view feed, std::string_view account, Text text);

  void greet(ConnectionId connection);
  void on_text(ConnectionId connection, std::string_view text);
  void give_challenge(ConnectionId connection, const Parsed& parsed);
  void subscribe(ConnectionId connection, const Parsed& parsed, const FuturesWallet& wallet);
  void send_snapshot(ConnectionId connection, std::string_view feed, const FuturesWallet& wallet);
  void refuse(ConnectionId connection, futures::Problem problem);
  const FuturesWallet* authenticated(const Connection& connection, const Parsed& parsed) const;
  void send(ConnectionId connection, std::string_view text);

  TimerService& timers_;
  FuturesKeys keys_;
  std::uint64_t seed_;
  std::uint64_t challenges_ = 0;
  const FuturesEngine* engine_ = nullptr;
  std::map<ConnectionId, Connection> connections_;
};

}  // namespace ktape
