#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/market/balance_table.hpp"
#include "core/market/event.hpp"
#include "core/market/order_table.hpp"

namespace ktape {

// How far a table of the account can be trusted. It keeps what it knew while it is not Live.
struct AccountState {
  // Live: its stream is, and a snapshot of everything has come since it was last asked for. Recovering: that is still
  // to come. Ended: nobody has subscribed.
  StreamState state = StreamState::Ended;
  std::string reason = "not subscribed";

  bool live() const { return state == StreamState::Live; }
};

// One's own orders and balances, kept from what the private channels tell: executions or openOrders, and balances
// (Spot v1 has none). Of two streams that tell the same, such as Futures' open_orders and open_orders_verbose, the one
// that was subscribed to first counts.
class Account {
 public:
  // `clock` outlives it.
  explicit Account(const Clock& clock, OrderTableOptions options = {}) : clock_(clock), orders_(options) {}

  // Each event of the connection that tells about the account. An error names what could not be applied.
  Result<void> take(const Event& event);

  const OrderTable& orders() const { return orders_; }
  const BalanceTable& balances() const { return balances_; }
  const AccountState& orders_state() const { return order_feed_.state; }
  const AccountState& balances_state() const { return balance_feed_.state; }

 private:
  // The stream that a table is kept from.
  struct Feed {
    AccountState state{};
    std::string channel{};  // that counts; empty: none yet
    bool stands = false;    // the exchange has confirmed it
    bool whole = false;     // its snapshot is there

    bool hears(std::string_view name) const { return !channel.empty() && channel == name; }
    void change(std::string_view name, const StreamStateChange& change);
    void told(bool snapshot);
    void missed(const SequenceGap& gap);
    void lost();
    void settle();
  };

  Result<void> take(const OrderReports& reports);
  Result<void> take(const BalanceReports& reports);
  Result<void> take(const StreamStateChange& change);
  Result<void> take(const SequenceGap& gap);
  Result<void> take(const LinkChange& change);
  template <class Other>
  Result<void> take(const Other& /*event*/) {
    return {};
  }

  const Clock& clock_;
  OrderTable orders_;
  BalanceTable balances_;
  Feed order_feed_;
  Feed balance_feed_;
};

}  // namespace ktape
