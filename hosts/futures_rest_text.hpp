#pragma once

#include <string>
#include <string_view>

#include "exchange/futures_engine.hpp"
#include "exchange/futures_statement.hpp"

// How Futures' REST writes orders, what happens to them, and money: JSON, each one value.
namespace ktape::hosts::futures_text {

std::string quoted(std::string_view text);
std::string time(Timestamp at);  // without quotes
std::string_view side(Side side);

// As events have it; a market order is an ioc.
std::string order(const FuturesOrder& order);
// The list orderEvents.
std::string events(const FuturesOutcome& outcome);

// As openorders has it, orders/status, and fills.
std::string open_order(const FuturesOrder& order);
std::string order_status(const FuturesOrder& order, std::string_view status);
std::string fill(const FuturesFill& fill);
std::string position(const FuturesPositionFigures& position);

// The object "accounts": cash, flex, and each margin account by its name, F-XBT:USD as fi_xbtusd.
std::string accounts(const FuturesStatement& statement);

}  // namespace ktape::hosts::futures_text
