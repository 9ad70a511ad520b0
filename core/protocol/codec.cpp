#include "core/protocol/codec.hpp"

namespace ktape {
namespace {

struct TradingName {
  std::string_view operator()(const AddOrder&) const { return "add_order"; }
  std::string_view operator()(const AmendOrder&) const { return "amend_order"; }
  std::string_view operator()(const EditOrder&) const { return "edit_order"; }
  std::string_view operator()(const CancelOrder&) const { return "cancel_order"; }
  std::string_view operator()(const CancelAll&) const { return "cancel_all"; }
  std::string_view operator()(const CancelAllOrdersAfter&) const { return "cancel_all_orders_after"; }
  std::string_view operator()(const BatchAdd&) const { return "batch_add"; }
  std::string_view operator()(const BatchCancel&) const { return "batch_cancel"; }
};

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::Subscribe:
      return "subscribe";
    case Method::Unsubscribe:
      return "unsubscribe";
    case Method::Ping:
      return "ping";
    case Method::Challenge:
      return "challenge";
    case Method::Trade:
      return "trade";
  }
  return "unknown";
}

std::string_view to_string(Channel channel) {
  switch (channel) {
    case Channel::Book:
      return "book";
    case Channel::Trade:
      return "trade";
    case Channel::Ticker:
      return "ticker";
    case Channel::Ohlc:
      return "ohlc";
    case Channel::Instrument:
      return "instrument";
    case Channel::Level3:
      return "level3";
    case Channel::Spread:
      return "spread";
    case Channel::Executions:
      return "executions";
    case Channel::Balances:
      return "balances";
    case Channel::OwnTrades:
      return "ownTrades";
    case Channel::OpenOrders:
      return "openOrders";
    case Channel::TickerLite:
      return "ticker_lite";
    case Channel::Heartbeat:
      return "heartbeat";
    case Channel::OpenOrdersVerbose:
      return "open_orders_verbose";
    case Channel::Fills:
      return "fills";
    case Channel::OpenPositions:
      return "open_positions";
    case Channel::AccountLog:
      return "account_log";
    case Channel::Notifications:
      return "notifications_auth";
    case Channel::AccountBalancesAndMargins:
      return "account_balances_and_margins";
    case Channel::DepositsWithdrawals:
      return "deposits_withdrawals";
  }
  return "unknown";
}

std::optional<Channel> parse_channel(std::string_view name) {
  if (name == "open_orders") return Channel::OpenOrders;  // so Futures calls what is openOrders in Spot v1
  for (int i = 0; i < kChannels; ++i) {
    if (const auto channel = static_cast<Channel>(i); to_string(channel) == name) return channel;
  }
  return std::nullopt;
}

bool is_private(Channel channel) {
  switch (channel) {
    case Channel::Book:
    case Channel::Trade:
    case Channel::Ticker:
    case Channel::Ohlc:
    case Channel::Instrument:
    case Channel::Level3:
    case Channel::Spread:
    case Channel::TickerLite:
    case Channel::Heartbeat:
      return false;
    default:
      return true;
  }
}

std::string_view name_of(const Request& request) {
  return request.method == Method::Trade ? std::visit(TradingName{}, request.trading) : to_string(request.method);
}

}  // namespace ktape
