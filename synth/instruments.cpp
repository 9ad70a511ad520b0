#include "synth/instruments.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/protocol/spot_v2/server_encode.hpp"

namespace ktape::synth {
namespace {

struct OtherPair {
  std::string_view base, quote;
  int price_places, quantity_places, cost_places;
  Int128 quantity_min;  // in the last place of the quantity
  bool marginable;
};

// Places from 0 to 8 and quantities with other than eight places occur on Kraken.
constexpr std::array kOthers{
    OtherPair{"BTC", "USD", 1, 8, 5, 5'000, true},
    OtherPair{"BTC", "EUR", 1, 8, 5, 5'000, true},
    OtherPair{"BTC", "GBP", 1, 8, 5, 5'000, true},
    OtherPair{"BTC", "JPY", 0, 8, 3, 5'000, true},
    OtherPair{"BTC", "USDT", 1, 8, 5, 5'000, true},
    OtherPair{"ETH", "USD", 2, 8, 5, 100'000, true},
    OtherPair{"ETH", "EUR", 2, 8, 5, 100'000, true},
    OtherPair{"ETH", "BTC", 5, 8, 10, 100'000, true},
    OtherPair{"ETH", "USDT", 2, 8, 5, 100'000, true},
    OtherPair{"XRP", "USD", 5, 8, 8, 165'000'000, true},
    OtherPair{"XRP", "EUR", 5, 8, 8, 165'000'000, true},
    OtherPair{"XRP", "BTC", 8, 8, 10, 165'000'000, true},
    OtherPair{"SOL", "USD", 2, 8, 5, 2'000'000, true},
    OtherPair{"SOL", "EUR", 2, 8, 5, 2'000'000, true},
    OtherPair{"DOGE", "USD", 7, 8, 9, 1'300'000'000, true},
    OtherPair{"DOGE", "BTC", 9, 8, 10, 1'300'000'000, false},
    OtherPair{"ADA", "USD", 6, 8, 8, 440'000'000, true},
    OtherPair{"ADA", "BTC", 8, 8, 10, 440'000'000, false},
    OtherPair{"LTC", "USD", 2, 8, 5, 4'000'000, true},
    OtherPair{"DOT", "USD", 4, 8, 6, 60'000'000, true},
    OtherPair{"LINK", "USD", 5, 8, 7, 20'000'000, true},
    OtherPair{"AVAX", "USD", 2, 8, 5, 10'000'000, true},
    OtherPair{"ATOM", "USD", 4, 8, 6, 50'000'000, true},
    OtherPair{"MINA", "USD", 4, 8, 6, 700'000'000, false},
    OtherPair{"MINA", "GBP", 4, 8, 6, 700'000'000, false},
    OtherPair{"SHIB", "EUR", 8, 5, 10, 20'000'000'000, false},
    OtherPair{"PEPE", "USD", 9, 5, 11, 40'000'000'000, false},
    OtherPair{"XMR", "USD", 2, 8, 5, 2'000'000, false},
    OtherPair{"ALGO", "USD", 5, 8, 7, 1'800'000'000, false},
    OtherPair{"TRX", "USD", 6, 8, 8, 1'500'000'000, false},
    OtherPair{"USDT", "USD", 5, 8, 7, 500'000'000, false},
    OtherPair{"USDC", "USD", 4, 8, 6, 500'000'000, false},
    OtherPair{"USDC", "GBP", 4, 8, 6, 500'000'000, false},
    OtherPair{"GBP", "USD", 5, 8, 7, 300'000'000, false},
    OtherPair{"AUD", "USD", 5, 8, 7, 700'000'000, false},
    OtherPair{"EUR", "GBP", 5, 8, 7, 400'000'000, false},
};

constexpr std::array<std::string_view, 7> kMoney{"USD", "EUR", "GBP", "AUD", "CAD", "CHF", "JPY"};

bool is_money(std::string_view asset) { return std::ranges::find(kMoney, asset) != kMoney.end(); }

AssetInfo asset(std::string_view id, bool marginable) {
  AssetInfo info;
  info.id = id;
  info.status = "enabled";
  info.precision = is_money(id) ? (id == "JPY" ? 2 : 4) : (id == "XRP" || id.starts_with("USD") ? 8 : 10);
  info.precision_display = is_money(id) ? (id == "JPY" ? 0 : 2) : 5;
  info.borrowable = marginable || is_money(id);
  info.collateral_value = Decimal::from_units(is_money(id) ? 1000 : (marginable ? 900 : 0), 3);
  info.asset_class = "currency";
  if (info.borrowable) info.margin_rate = Decimal::from_units(is_money(id) ? 25'000 : 20'000, 6);
  return info;
}

PairInfo pair(std::string_view symbol, const OtherPair& from, const Decimal& increment) {
  PairInfo info;
  info.symbol = symbol;
  info.base = from.base;
  info.quote = from.quote;
  info.status = "online";
  info.price_precision = from.price_places;
  info.quantity_precision = from.quantity_places;
  info.cost_precision = from.cost_places;
  info.price_increment = increment;
  info.quantity_increment = Decimal::from_units(1, from.quantity_places);
  info.quantity_min = Decimal::from_units(from.quantity_min, from.quantity_places);
  info.cost_min = from.quote == "BTC" ? Decimal::from_units(2, 5) : Decimal::from_units(50, 2);
  info.marginable = from.marginable;
  info.has_index = true;
  if (from.marginable) {
    info.margin_initial = Decimal::from_units(20, 2);
    info.position_limit_long = 1000;
    info.position_limit_short = 600;
  }
  info.tick_size = increment;
  info.display_price_precision = from.price_places;
  return info;
}

}  // namespace

std::string instrument_snapshot(std::span<const SymbolSpec> symbols) {
  std::vector<AssetInfo> assets;
  std::vector<PairInfo> pairs;
  std::vector<std::string> names;  // reserved: pairs borrow from it
  names.reserve(kOthers.size());
  const auto add_assets = [&assets](const PairInfo& info) {
    for (const std::string_view id : {info.base, info.quote}) {
      if (std::ranges::find(assets, id, &AssetInfo::id) == assets.end()) assets.push_back(asset(id, info.marginable));
    }
  };
  for (const SymbolSpec& spec : symbols) {
    OtherPair like{spec.base(),
                   spec.quote(),
                   spec.price_places,
                   spec.quantity_places,
                   std::min(spec.price_places + 4, 10),
                   1,
                   spec.liquidity != Liquidity::Thin};
    // About a thousandth of a typical level, one digit.
    const auto typical = spec.typical_quantity.rescaled(spec.quantity_places);
    const Int128 minimum = typical ? typical->coefficient() / 1000 : 1;
    while (like.quantity_min * 10 <= minimum) like.quantity_min *= 10;
    const auto increment = spec.tick.rescaled(spec.price_places);
    pairs.push_back(pair(spec.symbol, like, increment.value_or(spec.tick)));
    add_assets(pairs.back());
  }
  for (const OtherPair& other : kOthers) {
    std::string symbol = std::string(other.base) + "/" + std::string(other.quote);
    if (std::ranges::find(symbols, symbol, &SymbolSpec::symbol) != symbols.end()) continue;
    names.push_back(std::move(symbol));
    pairs.push_back(pair(names.back(), other, Decimal::from_units(1, other.price_places)));
    add_assets(pairs.back());
  }
  std::string text;
  spot_v2::append_instrument(text, {.snapshot = true, .assets = assets, .pairs = pairs});
  return text;
}

}  // namespace ktape::synth
