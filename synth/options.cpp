#include "synth/options.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ktape::synth {
namespace {

struct Preset {
  std::string_view symbol;
  int price_places;
  int quantity_places;
  Int128 tick;              // in the last place of the price
  Int128 start_price;       // likewise
  Int128 typical_quantity;  // in the last place of the quantity
  int level_gap_ticks;
  int spread_ticks;
  Liquidity liquidity;
  std::int64_t last_trade_id;
};

constexpr std::array kPresets{
    Preset{"BTC/USD", 1, 8, 1, 633'887, 4'780'000, 6, 1, Liquidity::Liquid, 109'183'835},
    Preset{"ETH/USD", 2, 8, 1, 187'729, 240'000'000, 2, 4, Liquidity::Medium, 71'604'310},
    Preset{"XRP/USD", 5, 8, 1, 108'213, 250'000'000'000, 3, 3, Liquidity::Medium, 40'216'977},
    Preset{"MINA/GBP", 4, 8, 1, 287, 40'000'000'000, 1, 2, Liquidity::Thin, 88'120},
    // A quantity of 400 million coins is 4e16 lots, and the volume of a day does not fit into 64 bits.
    Preset{"SHIB/USD", 8, 8, 1, 1'234, 40'000'000'000'000'000, 1, 2, Liquidity::Medium, 9'731'004},
    Preset{"EUR/USD", 5, 5, 1, 114'250, 250'000'000, 2, 2, Liquidity::Medium, 15'500'102},
};

tl::unexpected<Error> bad(const SymbolSpec& spec, std::string_view what) {
  return fail(Errc::InvalidArgument, fmt::format("synthetic market '{}': {}", spec.symbol, what));
}

Result<void> validate(const SymbolSpec& spec) {
  const auto slash = spec.symbol.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == spec.symbol.size()) return bad(spec, "not BASE/QUOTE");
  if (spec.price_places < 0 || spec.price_places > 12 || spec.quantity_places < 0 || spec.quantity_places > 12) {
    return bad(spec, fmt::format("price and quantity have 0 to 12 places, not {} and {}", spec.price_places,
                                 spec.quantity_places));
  }
  const auto tick = spec.tick.rescaled(spec.price_places);
  if (!tick || tick->coefficient() <= 0)
    return bad(spec,
               fmt::format("tick {} is not a step of prices with {} places", spec.tick.text(), spec.price_places));
  const auto price = spec.start_price.rescaled(spec.price_places);
  if (!price || price->coefficient() % tick->coefficient() != 0) {
    return bad(spec, fmt::format("start price {} is not a multiple of the tick", spec.start_price.text()));
  }
  const Int128 ticks = price->coefficient() / tick->coefficient();
  if (ticks < 100 || ticks > 1'000'000'000'000) {
    return bad(spec, fmt::format("start price {} must be 100 to 1e12 ticks", spec.start_price.text()));
  }
  const auto quantity = spec.typical_quantity.rescaled(spec.quantity_places);
  if (!quantity || quantity->coefficient() < 1000 || quantity->coefficient() > 50'000'000'000'000'000) {
    return bad(spec, fmt::format("typical quantity {} must be 1e3 to 5e16 lots of {} places",
                                 spec.typical_quantity.text(), spec.quantity_places));
  }
  if (spec.level_gap_ticks < 1 || spec.level_gap_ticks > 1000 || spec.spread_ticks < 1 || spec.spread_ticks > 1000) {
    return bad(spec, fmt::format("gap and spread are 1 to 1000 ticks, not {} and {}", spec.level_gap_ticks,
                                 spec.spread_ticks));
  }
  if (price->coefficient() > 1'000'000'000'000'000) {
    return bad(spec, fmt::format("start price {} is beyond 1e15 in its last place", spec.start_price.text()));
  }
  if (spec.last_trade_id < 50 || spec.last_trade_id > 1'000'000'000'000'000) {
    return bad(spec, fmt::format("last trade id {} must be 50 to 1e15", spec.last_trade_id));
  }
  return {};
}

}  // namespace

Result<SymbolSpec> preset(std::string_view symbol) {
  const auto* const found = std::ranges::find(kPresets, symbol, &Preset::symbol);
  if (found == kPresets.end()) {
    return fail(Errc::NotFound,
                fmt::format("no synthetic market '{}': known are {}", symbol, fmt::join(preset_symbols(), ", ")));
  }
  return SymbolSpec{.symbol = std::string(found->symbol),
                    .price_places = found->price_places,
                    .quantity_places = found->quantity_places,
                    .tick = Decimal::from_units(found->tick, found->price_places),
                    .start_price = Decimal::from_units(found->start_price, found->price_places),
                    .typical_quantity = Decimal::from_units(found->typical_quantity, found->quantity_places),
                    .level_gap_ticks = found->level_gap_ticks,
                    .spread_ticks = found->spread_ticks,
                    .liquidity = found->liquidity,
                    .last_trade_id = found->last_trade_id};
}

std::vector<std::string_view> preset_symbols() {
  std::vector<std::string_view> symbols;
  for (const Preset& each : kPresets) symbols.push_back(each.symbol);
  return symbols;
}

Result<void> validate(const SyntheticOptions& options) {
  constexpr std::size_t kMostSymbols = 100;
  if (options.symbols.empty() || options.symbols.size() > kMostSymbols) {
    return fail(Errc::InvalidArgument,
                fmt::format("a synthetic exchange has 1 to {} symbols, not {}", kMostSymbols, options.symbols.size()));
  }
  if (options.duration <= Duration::zero()) {
    return fail(Errc::InvalidArgument,
                fmt::format("the duration must be positive, not {} ns", options.duration.count()));
  }
  for (std::size_t i = 0; i < options.symbols.size(); ++i) {
    if (auto good = validate(options.symbols[i]); !good) return good;
    for (std::size_t j = 0; j < i; ++j) {
      if (options.symbols[i].symbol == options.symbols[j].symbol) return bad(options.symbols[i], "named twice");
    }
  }
  return {};
}

}  // namespace ktape::synth
