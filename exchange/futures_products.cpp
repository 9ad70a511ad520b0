#include "exchange/futures_products.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

namespace ktape {
namespace {

Int128 greatest_common_divisor(Int128 a, Int128 b) {
  while (b != 0) {
    const Int128 rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

// The greatest step that `value` and every multiple of `step` fit.
Decimal common_step(const Decimal& step, const Decimal& value) {
  const int scale = std::max(step.scale(), value.scale());
  const auto a = step.rescaled(scale);
  const auto b = value.rescaled(scale);
  if (!a || !b) return step;
  return Decimal::from_units(greatest_common_divisor(a->coefficient(), b->coefficient()), scale);
}

// 34970.0 has none: Futures prints its numbers as they come.
int significant_places(const Decimal& value) {
  int places = value.scale();
  for (Int128 units = value.coefficient(); places > 0 && units % 10 == 0; units /= 10) --places;
  return places;
}

// 50 of "leverage":"50x".
Decimal leverage_in(std::string_view text) {
  constexpr std::string_view kMember = R"("leverage":")";
  const auto at = text.find(kMember);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + kMember.size());
  const auto value = Decimal::parse(text.substr(0, text.find("x\"")));
  return value && *value > Decimal() ? *value : Decimal();
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string_view FuturesProduct::type() const {
  if (is_inverse()) return "futures_inverse";
  return id.starts_with("OF_") ? "options" : "flexible_futures";
}

std::string_view FuturesProduct::underlying() const {
  const std::string_view name = std::string_view(id).substr(std::min<std::size_t>(3, id.size()));
  return name.substr(0, name.find('_'));
}

std::string FuturesProduct::last_trading_time() const {
  if (is_perpetual()) return {};
  const auto first = id.find('_', 3);
  if (first == std::string::npos) return {};
  const std::string_view date = std::string_view(id).substr(first + 1, 6);
  if (date.size() != 6 || !all_digits(date)) return {};
  return fmt::format("20{}-{}-{}T16:00:00.000Z", date.substr(0, 2), date.substr(2, 2), date.substr(4, 2));
}

FuturesProduct& FuturesProducts::of(std::string_view product) {
  const auto found = all_.find(product);
  if (found != all_.end()) return found->second;
  FuturesProduct& added = all_[std::string(product)];
  added.id = product;
  return added;
}

void FuturesProducts::take(const BookSnapshot& book) {
  FuturesProduct& product = of(book.symbol);
  for (const std::span<const Level> side : {book.bids, book.asks}) {
    for (const Level& level : side) {
      product.price_step = common_step(product.price_step, level.price);
      product.quantity_places = std::max(product.quantity_places, significant_places(level.quantity));
    }
  }
}

void FuturesProducts::take(const Ticker& ticker, std::string_view text) {
  FuturesProduct& product = of(ticker.symbol);
  product.suspended = ticker.suspended.value_or(product.suspended);
  product.post_only = ticker.post_only.value_or(product.post_only);
  // ticker_lite tells less.
  const bool lite = text.find(R"("ticker_lite")") != std::string_view::npos;
  if (product.ticker.empty() || !lite) product.ticker = text;
  if (!lite) product.leverage = leverage_in(text);
}

const FuturesProduct* FuturesProducts::find(std::string_view product) const {
  const auto found = all_.find(product);
  return found == all_.end() ? nullptr : &found->second;
}

}  // namespace ktape
