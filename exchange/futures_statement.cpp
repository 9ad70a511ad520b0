#include "exchange/futures_statement.hpp"

#include <algorithm>

#include "exchange/money.hpp"

namespace ktape {
namespace {

Decimal plus(const Decimal& a, const Decimal& b) { return money::trimmed(money::sum(a, b).value_or(a)); }
Decimal minus(const Decimal& a, const Decimal& b) { return money::trimmed(money::difference(a, b).value_or(a)); }

// Zero where there is nothing to divide by.
Decimal ratio(const Decimal& a, const Decimal& b) {
  if (b.is_zero()) return {};
  return money::trimmed(money::quotient(a, b, kFuturesPlaces).value_or(Decimal()));
}

Decimal half(const Decimal& value) { return ratio(value, Decimal::from_units(2, 0)); }

struct Prices {
  Decimal mark, index;
};

Prices prices_of(const MarketWatch* market, std::string_view product) {
  const WatchedTicker* const ticker = market != nullptr ? market->ticker(product) : nullptr;
  if (ticker == nullptr) return {};
  return {ticker->mark_price.value_or(Decimal()), ticker->index_price.value_or(Decimal())};
}

Decimal leverage_of(const MarketWatch* market, std::string_view product) {
  const FuturesProduct* const known = market != nullptr ? market->products().find(product) : nullptr;
  return known != nullptr ? known->leverage : Decimal();
}

Decimal dollars_of(const MarketWatch* market, const std::string& currency, const Decimal& quantity) {
  if (currency == "USD") return quantity;
  const std::string base = currency == "BTC" ? "XBT" : currency;
  for (const std::string prefix : {"PF_", "PI_"}) {
    const Prices prices = prices_of(market, prefix + base + "USD");
    if (prices.index.is_zero()) continue;
    const auto exact = money::product(prices.index, quantity);
    const auto value = exact ? money::rounded(*exact, kFuturesPlaces) : std::nullopt;
    return money::trimmed(value.value_or(Decimal()));
  }
  return {};
}

FuturesPositionFigures figures_of(const MarketWatch* market, std::string_view product, const FuturesPosition& held) {
  FuturesPositionFigures out;
  out.product = product;
  out.settlement = FuturesSettlement::of(product);
  out.size = money::trimmed(held.size);
  out.entry_price = held.entry_price(out.settlement);
  const Prices prices = prices_of(market, product);
  out.mark_price = prices.mark;
  out.index_price = prices.index;
  out.changed_at = held.changed_at;
  if (prices.mark.is_zero()) return out;
  out.value = out.settlement.value(prices.mark, money::magnitude(held.size));
  out.profit = money::trimmed(held.profit_at(prices.mark, out.settlement));
  out.initial_margin = ratio(out.value, leverage_of(market, product));
  out.initial_margin_with_orders = out.initial_margin;
  out.maintenance_margin = half(out.initial_margin);
  out.return_on_equity = ratio(out.profit, out.initial_margin);
  return out;
}

void sum_up(FuturesWalletFigures& wallet, std::vector<FuturesPositionFigures>& positions) {
  const auto is_of = [&wallet](const FuturesPositionFigures& one) {
    return one.settlement.wallet.empty() ? wallet.name == "flex" : one.settlement.wallet == wallet.name;
  };
  wallet.initial_margin_with_orders = Decimal();
  for (const FuturesPositionFigures& one : positions) {
    if (!is_of(one)) continue;
    wallet.profit = plus(wallet.profit, one.profit);
    wallet.initial_margin = plus(wallet.initial_margin, one.initial_margin);
    wallet.initial_margin_with_orders = plus(wallet.initial_margin_with_orders, one.initial_margin_with_orders);
    wallet.maintenance_margin = plus(wallet.maintenance_margin, one.maintenance_margin);
    wallet.position_value = plus(wallet.position_value, one.value);
  }
  wallet.portfolio_value = plus(wallet.balance, wallet.profit);
  for (FuturesPositionFigures& one : positions) {
    if (is_of(one) && wallet.portfolio_value > Decimal()) {
      one.effective_leverage = ratio(one.value, wallet.portfolio_value);
    }
  }
}

void add_orders(FuturesWalletFigures& wallet, const Decimal& margin) {
  wallet.initial_margin_with_orders = plus(wallet.initial_margin_with_orders, margin);
}

FuturesStatement stated(const FuturesWallets& wallets, const MarketWatch* market,
                        const std::map<std::string, FuturesPosition, std::less<>>& positions,
                        const std::vector<FuturesOrder>& orders) {
  FuturesStatement out;
  out.cash = wallets.cash;
  out.flex.name = "flex";
  out.flex.unit = "USD";
  for (const auto& [currency, quantity] : wallets.flex) {
    out.currencies.push_back({currency, quantity, dollars_of(market, currency, quantity)});
    out.flex.balance = plus(out.flex.balance, out.currencies.back().value);
  }
  for (const auto& [name, balance] : wallets.margin) {
    FuturesWalletFigures& wallet = out.margin.emplace_back();
    wallet.name = name;
    const auto colon = std::min(name.find(':'), name.size());
    wallet.unit = name.substr(std::min<std::size_t>(2, colon), colon - std::min<std::size_t>(2, colon));
    wallet.pair = wallet.unit + "/" + name.substr(std::min(name.size(), colon + 1));
    wallet.balance = balance;
  }
  for (const auto& [product, held] : positions) out.positions.push_back(figures_of(market, product, held));
  sum_up(out.flex, out.positions);
  for (FuturesWalletFigures& wallet : out.margin) sum_up(wallet, out.positions);
  for (const FuturesOrder& order : orders) {
    const FuturesSettlement settlement = FuturesSettlement::of(order.product);
    const Decimal value = settlement.value(order.limit_price.value_or(Decimal()), order.remaining());
    const Decimal margin = ratio(value, leverage_of(market, order.product));
    for (FuturesPositionFigures& one : out.positions) {
      if (one.product == order.product) one.initial_margin_with_orders = plus(one.initial_margin_with_orders, margin);
    }
    if (settlement.wallet.empty()) add_orders(out.flex, margin);
    for (FuturesWalletFigures& wallet : out.margin) {
      if (wallet.name == settlement.wallet) add_orders(wallet, margin);
    }
  }
  out.flex.available = minus(out.flex.portfolio_value, out.flex.initial_margin_with_orders);
  for (FuturesWalletFigures& wallet : out.margin) {
    wallet.available = minus(wallet.portfolio_value, wallet.initial_margin_with_orders);
  }
  return out;
}

}  // namespace

FuturesStatement statement_of(const FuturesEngine& engine, std::string_view account) {
  return stated(engine.wallets(account), &engine.market(), engine.positions(account), engine.open_orders(account));
}

FuturesStatement statement_of(const FuturesWallets& wallets) { return stated(wallets, nullptr, {}, {}); }

}  // namespace ktape
