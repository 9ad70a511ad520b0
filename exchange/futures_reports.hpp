#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/futures/account_encode.hpp"
#include "exchange/futures_engine.hpp"
#include "exchange/futures_statement.hpp"

// What the private feeds of Futures say of an engine's orders, fills and money: one whole message each.
namespace ktape::futures_reports {

// `remaining`: whether `qty` is what is left of an order, or all of it.
std::string open_orders(std::string_view feed, std::string_view account, const std::vector<FuturesOrder>& orders,
                        bool remaining);
// Empty where that feed tells nothing of it: orders that were never there, and of those that were refused all but
// post-only ones on the verbose feed (futures-v1 section 5.2).
std::string order_event(std::string_view feed, const FuturesEvent& event, bool remaining);

std::string fills_snapshot(std::string_view account, const std::vector<FuturesFill>& fills);
std::string fills(std::string_view username, const std::vector<FuturesFill>& fills);

std::string positions(const futures::AccountStamp& stamp, const FuturesStatement& statement);

std::string balances_snapshot(const futures::AccountStamp& stamp, const FuturesStatement& statement);
// Of the wallet that changed: "flex", or its name.
std::string balances(const futures::AccountStamp& stamp, const FuturesStatement& statement, std::string_view wallet);
std::string margin_accounts(std::string_view account, std::int64_t sequence, const FuturesStatement& statement);

// Newest first, from oldest first.
std::string booking_snapshot(const std::vector<FuturesBooking>& bookings);
std::string booking(const FuturesBooking& booking);

std::string no_notifications();

}  // namespace ktape::futures_reports
