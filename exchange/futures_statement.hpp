#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exchange/futures_engine.hpp"

// What an account of Futures is worth at the present of the market: what the private feeds and REST tell of it.
namespace ktape {

// A position. Figures of prices that the market has not told, and of margins without a known leverage, are zero.
struct FuturesPositionFigures {
  std::string product;
  FuturesSettlement settlement;
  Decimal size, entry_price, mark_price, index_price;
  Decimal value, profit;  // at the mark, in the currency of the settlement
  // At the leverage that the ticker tells: one part of the value in so many, and half of that to keep it.
  Decimal initial_margin, initial_margin_with_orders, maintenance_margin;
  Decimal effective_leverage;  // its value in terms of the portfolio value of its wallet
  Decimal return_on_equity;    // profit in terms of the initial margin
  Timestamp changed_at{};
};

// A margin account: the flex wallet in US dollars, or the wallet of one pair in its currency.
struct FuturesWalletFigures {
  std::string name, pair, unit;              // F-XBT:USD, XBT/USD, XBT; of the flex wallet flex, nothing and USD
  Decimal balance, profit, portfolio_value;  // the last is the sum of the others
  Decimal initial_margin, initial_margin_with_orders, maintenance_margin;
  Decimal available;  // portfolio value without the margin of positions and orders
  Decimal position_value;
};

struct FlexCurrencyFigures {
  std::string currency;
  Decimal quantity;
  Decimal value;  // in US dollars, at the index of the currency's perpetual; zero where the market has told none
};

struct FuturesStatement {
  FuturesWallets::Amounts cash;
  std::vector<FlexCurrencyFigures> currencies;  // of the flex wallet
  FuturesWalletFigures flex;
  std::vector<FuturesWalletFigures> margin;
  std::vector<FuturesPositionFigures> positions;
};

FuturesStatement statement_of(const FuturesEngine& engine, std::string_view account);
// Of an account that does not trade.
FuturesStatement statement_of(const FuturesWallets& wallets);

}  // namespace ktape
