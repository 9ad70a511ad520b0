#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/protocol/spot_v1/request.hpp"
#include "core/protocol/spot_v1/server_encode.hpp"
#include "exchange/guest_exchange.hpp"
#include "exchange/token_desk.hpp"
#include "exchange/trading_engine.hpp"

namespace ktape {

struct SpotV1PrivateOptions {
  Duration heartbeat_interval = std::chrono::seconds(1);
  std::string version = "1.9.6";
  std::uint64_t connection_id_seed = 0;
  std::size_t snapshot_fills = 50;
};

// Kraken's private Spot v1 endpoint, wss://ws-auth.kraken.com: ownTrades, openOrders and trading (spot-v1 sections 6 to
// 8), with the accounts, tokens and engine that Spot v2 has. To who has not asked for consolidate_taker to be off, the
// fills that an order makes by taking are told as one, under the id of the first: its volume, cost and fee are their
// sums, its price their mean. Kraken does not say more of it.
class SpotV1Private final : public GuestExchange, private EngineListener {
 public:
  // All outlive it.
  SpotV1Private(TimerService& timers, TradingEngine& engine, TokenDesk& tokens, const MarketView& market,
                SpotV1PrivateOptions options = {});
  SpotV1Private(const SpotV1Private&) = delete;
  SpotV1Private& operator=(const SpotV1Private&) = delete;

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void attach_guest(ConnectionId connection, FrameSink& client) override;
  void on_frame(const Frame& frame) override;
  void on_system(std::string_view system) override;

  // Ends every connection.
  void close_all(const CloseInfo& why);

 private:
  struct Subscriber {
    AccountId account{};
    std::int64_t sequence = 0;
    bool consolidates = true;       // ownTrades: takes what an order takes as one
    bool wants_rate_count = false;  // openOrders: with each change
  };
  struct Connection {
    FrameSink* client = nullptr;
    bool greeted = false;
    bool guest = false;
    std::optional<Subscriber> own_trades, open_orders;
    Timer greeting, heartbeat;
  };
  using Parsed = spot_v1::ParsedRequest;

  void on_engine_news(AccountId account, const EngineNews& news) override;
  void greet(ConnectionId connection);
  void tell_order(AccountId account, const OrderNews& news);
  void tell_fill(AccountId account, const EngineFill& fill, bool consolidated);
  void tell_taken(AccountId account, const std::string& order_id);
  void on_text(ConnectionId connection, std::string_view text);
  void subscribe(ConnectionId connection, const Parsed& parsed, Channel channel);
  void unsubscribe(ConnectionId connection, const Parsed& parsed, Channel channel);
  void send_snapshot(ConnectionId connection, const Parsed& parsed, Channel channel);
  void trade(ConnectionId connection, const Parsed& parsed);
  void answer_trade(ConnectionId connection, AccountId account, const Parsed& parsed, const EngineAnswer& answer);
  std::string words_of(const Parsed& parsed, const OrderOutcome& outcome) const;
  std::string edit_in_words(AccountId account, const Parsed& parsed, const OrderOutcome& outcome) const;
  // In the form that the event of the request asks for.
  void refuse(ConnectionId connection, const Parsed& parsed, std::string_view error);
  void beat(ConnectionId connection, Timestamp deadline);
  std::optional<Subscriber>* place_of(ConnectionId connection, Channel channel);
  bool send(ConnectionId connection, std::string_view text);
  std::vector<ConnectionId> connections() const;

  TimerService& timers_;
  TradingEngine& engine_;
  TokenDesk& tokens_;
  const MarketView& market_;
  SpotV1PrivateOptions options_;
  std::map<ConnectionId, Connection> connections_;
  // What an order has taken and was not told yet to those who want it as one.
  struct Taken {
    AccountId account{};
    EngineFill sum;
    Timer due;
  };
  std::map<std::string, Taken> taken_;  // by the id of the order
};

}  // namespace ktape
