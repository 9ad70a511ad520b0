#include "exchange/instrument_table.hpp"

#include <algorithm>
#include <array>

namespace ktape {
namespace {

constexpr std::array<std::string_view, 8> kFiat{"USD", "EUR", "GBP", "CAD", "CHF", "JPY", "AUD", "AED"};
constexpr int kFiatPlaces = 4;
constexpr int kCoinPlaces = 10;

AssetTerms terms_of(const AssetInfo& asset) {
  AssetTerms terms{.id = std::string(asset.id), .status = std::string(asset.status)};
  if (!asset.asset_class.empty()) terms.asset_class = asset.asset_class;
  terms.precision = asset.precision;
  terms.precision_display = asset.precision_display;
  if (asset.borrowable) terms.collateral_value = asset.collateral_value;
  terms.margin_rate = asset.margin_rate;
  return terms;
}

PairTerms terms_of(const PairInfo& pair) {
  PairTerms terms{.symbol = std::string(pair.symbol),
                  .base = std::string(pair.base),
                  .quote = std::string(pair.quote),
                  .status = std::string(pair.status)};
  terms.price_precision = pair.price_precision;
  terms.quantity_precision = pair.quantity_precision;
  terms.cost_precision = pair.cost_precision;
  terms.price_increment = pair.price_increment;
  terms.quantity_increment = pair.quantity_increment;
  terms.quantity_min = pair.quantity_min;
  terms.cost_min = pair.cost_min;
  terms.marginable = pair.marginable;
  terms.has_index = pair.has_index;
  terms.position_limit_long = pair.position_limit_long;
  terms.position_limit_short = pair.position_limit_short;
  return terms;
}

AssetTerms assumed_asset(std::string_view id) {
  const bool fiat = std::find(kFiat.begin(), kFiat.end(), id) != kFiat.end();
  AssetTerms terms{.id = std::string(id)};
  terms.precision = fiat ? kFiatPlaces : kCoinPlaces;
  terms.precision_display = fiat ? 2 : 5;
  return terms;
}

}  // namespace

void InstrumentTable::apply(const InstrumentUpdate& update) {
  if (update.snapshot) {
    assets_.clear();
    pairs_.clear();
  }
  for (const AssetInfo& asset : update.assets) assets_.insert_or_assign(std::string(asset.id), terms_of(asset));
  for (const PairInfo& pair : update.pairs) pairs_.insert_or_assign(std::string(pair.symbol), terms_of(pair));
}

void InstrumentTable::assume(std::string_view symbol, int price_precision, int quantity_precision) {
  const auto slash = symbol.find('/');
  if (slash == std::string_view::npos || pairs_.contains(symbol)) return;
  PairTerms terms{.symbol = std::string(symbol),
                  .base = std::string(symbol.substr(0, slash)),
                  .quote = std::string(symbol.substr(slash + 1))};
  terms.price_precision = price_precision;
  terms.quantity_precision = quantity_precision;
  terms.price_increment = Decimal::from_units(1, price_precision);
  terms.quantity_increment = Decimal::from_units(1, quantity_precision);
  terms.assumed = true;
  for (const std::string& asset : {terms.base, terms.quote}) assets_.try_emplace(asset, assumed_asset(asset));
  pairs_.emplace(terms.symbol, std::move(terms));
}

void InstrumentTable::assume(const BookSnapshot& book) {
  int price_places = 0;
  int quantity_places = 0;
  for (const auto side : {book.bids, book.asks}) {
    for (const Level& level : side) {
      price_places = std::max(price_places, level.price.scale());
      quantity_places = std::max(quantity_places, level.quantity.scale());
    }
  }
  if (price_places > 0 || quantity_places > 0) assume(book.symbol, price_places, quantity_places);
}

const AssetTerms* InstrumentTable::find_asset(std::string_view id) const {
  const auto at = assets_.find(id);
  return at == assets_.end() ? nullptr : &at->second;
}

int InstrumentTable::balance_places(std::string_view id) const {
  const AssetTerms* const terms = find_asset(id);
  return terms != nullptr ? terms->precision : assumed_asset(id).precision;
}

const PairTerms* InstrumentTable::find_pair(std::string_view symbol) const {
  const auto at = pairs_.find(symbol);
  return at == pairs_.end() ? nullptr : &at->second;
}

}  // namespace ktape
