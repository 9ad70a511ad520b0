#include "exchange/trading_engine.hpp"

namespace ktape {

std::string_view to_string(OrderStatus status) {
  switch (status) {
    case OrderStatus::PendingNew:
      return "pending_new";
    case OrderStatus::New:
      return "new";
    case OrderStatus::PartiallyFilled:
      return "partially_filled";
    case OrderStatus::Filled:
      return "filled";
    case OrderStatus::Canceled:
      return "canceled";
    case OrderStatus::Expired:
      return "expired";
  }
  return "";
}

std::string_view to_string(OrderChange change) {
  switch (change) {
    case OrderChange::PendingNew:
      return "pending_new";
    case OrderChange::New:
      return "new";
    case OrderChange::Trade:
      return "trade";
    case OrderChange::Filled:
      return "filled";
    case OrderChange::Canceled:
      return "canceled";
    case OrderChange::Expired:
      return "expired";
    case OrderChange::Amended:
      return "amended";
  }
  return "";
}

}  // namespace ktape
