#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"
#include "core/market/event.hpp"

// Requests that move money, in the names of Spot v2 (spot-v2 section 7); Spot v1 has its own spelling of each. What is
// absent is not sent. Numbers are sent with exactly the places they have.
namespace ktape {

// When a stop-loss, take-profit or trailing-stop order becomes live.
struct OrderTrigger {
  Decimal price{};           // of trailing types: the distance from the peak
  std::string reference{};   // last (the default), index
  std::string price_type{};  // static (the default), pct, quote
};

// A template for the order that closes what each fill of its order has opened.
struct ConditionalClose {
  std::string order_type{};
  std::optional<Decimal> limit_price{};
  std::string limit_price_type{};
  std::optional<Decimal> trigger_price{};
  std::string trigger_price_type{};
};

struct NewOrder {
  std::string order_type = "limit";
  Side side = Side::Buy;
  std::string symbol{};  // of a batch: the batch has it
  std::optional<Decimal> quantity{};
  std::optional<Decimal> limit_price{};
  std::string limit_price_type{};
  std::optional<OrderTrigger> trigger{};
  std::string time_in_force{};  // gtc, gtd, ioc, fok
  std::optional<bool> margin{}, post_only{}, reduce_only{};
  std::string effective_time{}, expire_time{};  // RFC 3339
  std::string client_order_id{};
  std::optional<std::int64_t> user_reference{};
  std::optional<ConditionalClose> conditional{};
  std::optional<Decimal> display_quantity{};
  std::string fee_preference{};         // base, quote
  std::string self_trade_prevention{};  // cancel_newest, cancel_oldest, cancel_both
  std::optional<Decimal> cash_quantity{};
  std::string sender_sub_id{};
};

struct AddOrder {
  NewOrder order{};
  std::string deadline{};  // RFC 3339, 500 ms to 60 s ahead
  std::optional<bool> validate{};
};

// By order_id or client_order_id, one of them.
struct AmendOrder {
  std::string order_id{}, client_order_id{};
  std::string symbol{};
  std::optional<Decimal> quantity{}, display_quantity{}, limit_price{}, trigger_price{};
  std::string limit_price_type{}, trigger_price_type{};
  std::optional<bool> post_only{};
  std::string deadline{};
};

// Cancels and places anew; queue priority is lost.
struct EditOrder {
  std::string order_id{}, symbol{};
  std::optional<Decimal> quantity{}, limit_price{}, display_quantity{};
  std::optional<std::int64_t> user_reference{};
  std::optional<bool> post_only{}, reduce_only{};
  std::optional<OrderTrigger> trigger{};
  std::string deadline{};
  std::optional<bool> validate{};
  std::string fee_preference{};
};

struct CancelOrder {
  std::vector<std::string> order_ids{};
  std::vector<std::string> client_order_ids{};
  std::vector<std::int64_t> user_references{};
};

struct CancelAll {};

// The dead man's switch of the whole account. Zero disarms it.
struct CancelAllOrdersAfter {
  std::int64_t timeout_seconds = 0;  // below 86,400
};

struct BatchAdd {
  std::string symbol{};
  std::vector<NewOrder> orders{};  // 2 to 15
  std::string deadline{};
  std::optional<bool> validate{};
};

struct BatchCancel {
  std::vector<std::string> order_ids{};  // Kraken's ids, or user references as text; with the others 2 to 50
  std::vector<std::string> client_order_ids{};
};

using TradingRequest =
    std::variant<AddOrder, AmendOrder, EditOrder, CancelOrder, CancelAll, CancelAllOrdersAfter, BatchAdd, BatchCancel>;

}  // namespace ktape
