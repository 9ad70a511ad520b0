#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "exchange/trading_engine.hpp"

// What the engine tells, as the private channels of Spot v2 say it: one whole message each, appended to `out`.
namespace ktape::spot_v2_reports {

// One event of executions, with the fields that Kraken sends in its kind (spot-v2 section 6.1). `user` is told where it
// is not empty: to those who hear several accounts.
void append_news(std::string& out, const OrderNews& news, std::int64_t sequence, std::string_view user = {});

// Open orders; also none.
void append_order_snapshot(std::string& out, std::span<const EngineOrder> orders, std::int64_t sequence);
// Fills, oldest first.
void append_fill_snapshot(std::string& out, std::span<const EngineFill> fills, std::int64_t sequence);

void append_balance_snapshot(std::string& out, const std::map<std::string, Decimal, std::less<>>& balances,
                             const InstrumentTable& instruments, std::int64_t sequence);
void append_ledger_change(std::string& out, const LedgerChange& change, std::int64_t sequence,
                          std::string_view user = {});

}  // namespace ktape::spot_v2_reports
