#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace ktape::synth {

// How busy a book is. The numbers behind each class were measured on Kraken in 2026: liquid on BTC/USD, medium on
// ETH/USD and XRP/USD, thin on MINA/GBP.
enum class Liquidity : std::uint8_t { Liquid, Medium, Thin };

struct SymbolSpec {
  std::string symbol;  // "BTC/USD"
  int price_places = 0;
  int quantity_places = 8;
  Decimal tick;              // price increment, at most price_places places
  Decimal start_price;       // where the market stands when the tape begins
  Decimal typical_quantity;  // the median of a book level
  int level_gap_ticks = 2;   // the median distance of neighbouring levels
  int spread_ticks = 1;      // the median spread
  Liquidity liquidity = Liquidity::Medium;
  std::int64_t last_trade_id = 0;  // of the history before the start

  std::string_view base() const { return std::string_view(symbol).substr(0, symbol.find('/')); }
  std::string_view quote() const { return std::string_view(symbol).substr(symbol.find('/') + 1); }
};

struct SyntheticOptions {
  std::uint64_t seed = 1;
  Timestamp start{};
  Duration duration = std::chrono::minutes{10};  // then every connection is closed with 1001
  std::vector<SymbolSpec> symbols{};
};

// The ready-made pairs: BTC/USD, ETH/USD, XRP/USD, MINA/GBP, SHIB/USD, EUR/USD. NotFound names the known ones.
Result<SymbolSpec> preset(std::string_view symbol);
std::vector<std::string_view> preset_symbols();

// What a market can be built from: places and prices in range, prices and quantities that fit their places.
Result<void> validate(const SyntheticOptions& options);

}  // namespace ktape::synth
