#include "exchange/order_words.hpp"

#include <fmt/format.h>

#include "core/protocol/spot_v1/symbol_names.hpp"
#include "exchange/money.hpp"

namespace ktape {

std::string in_words(const NewOrder& order, const InstrumentTable& instruments) {
  const PairTerms* const pair = instruments.find_pair(order.symbol);
  const auto text = [](const Decimal& value, int places) {
    return money::rounded(value, places).value_or(value).text();
  };
  std::string name = spot_v1::wire_symbol(order.symbol);
  std::erase(name, '/');
  const Decimal quantity = order.quantity.value_or(order.cash_quantity.value_or(Decimal()));
  std::string words = fmt::format("{} {} {} @ {}", to_string(order.side),
                                  text(quantity, pair != nullptr ? pair->quantity_precision : quantity.scale()), name,
                                  order.limit_price ? "limit" : order.order_type);
  if (order.limit_price) {
    words += " " + text(*order.limit_price, pair != nullptr ? pair->price_precision : order.limit_price->scale());
  }
  return words;
}

}  // namespace ktape
