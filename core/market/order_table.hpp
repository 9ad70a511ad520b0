#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/market/event.hpp"

namespace ktape {

// One order of one's own, whole: what all its reports have said so far.
struct Order {
  std::string order_id{}, client_order_id{};
  std::optional<std::int64_t> user_reference{};
  std::string symbol{};
  std::optional<Side> side{};
  std::string order_type{}, time_in_force{};
  std::string status{};  // as the exchange calls it
  std::string what{};    // the latest report
  std::optional<Decimal> quantity{}, filled_quantity{}, filled_cost{}, average_price{};
  std::optional<Decimal> limit_price{}, trigger_price{}, display_quantity{}, cash_quantity{}, fee{};
  std::optional<bool> post_only{}, reduce_only{}, margin{};
  std::string reason{};  // of the latest report that gave one
  std::optional<Timestamp> exchange_time{}, effective_time{}, expire_time{};
  bool closed = false;  // filled, canceled, expired or rejected: nothing opens it again
  std::uint64_t reports = 0;
};

struct OrderTableOptions {
  std::size_t max_open = 100'000;
  std::size_t max_closed = 10'000;  // beyond it the one that closed first is forgotten
  Duration keep_closed = std::chrono::hours(1);
};

// Makes whole orders of sparse reports (spot-v2 section 6.1). Reports are applied as they arrive: what one tells takes
// the place of what was known, what it leaves out stays.
//
// A snapshot tells all open orders: those it leaves out are gone, without anybody knowing how they ended. The fills in
// it
// (`what` is "trade") are history, which FillReports tells; they neither open an order nor change one.
class OrderTable {
 public:
  // An order as it was when it was asked for: it never changes, and lives as long as somebody holds it.
  using OrderPtr = std::shared_ptr<const Order>;

  explicit OrderTable(OrderTableOptions options = {});

  // `now` decides which closed orders have been kept long enough. An error (Limit: more open orders than allowed;
  // Protocol: a report without an order id) leaves out that report and applies the others.
  Result<void> apply(const OrderReports& reports, Timestamp now);

  // nullptr for an order that was never told or is forgotten.
  OrderPtr get(std::string_view order_id) const;
  // The open order of that name, which is unique among open ones; else the latest closed one.
  OrderPtr find_by_client_id(std::string_view client_order_id) const;
  // In the order of their ids.
  std::vector<OrderPtr> open_orders() const;

  std::size_t open_count() const { return open_count_; }
  std::size_t closed_count() const { return closed_.size(); }

  // The connection is lost or another account speaks: as new.
  void clear();

 private:
  struct Closed {
    Timestamp at{};
    std::string order_id{};
  };
  using Orders = std::map<std::string, OrderPtr, std::less<>>;

  Result<void> merge(const OrderReport& report, Timestamp now);
  void drop_open_orders();
  void forget(Timestamp now);
  void erase(Orders::iterator order);

  OrderTableOptions options_;
  Orders orders_;
  std::map<std::string, std::string, std::less<>> by_client_id_;  // to the order id that was told last
  std::deque<Closed> closed_;                                     // as they closed
  std::size_t open_count_ = 0;
};

}  // namespace ktape
