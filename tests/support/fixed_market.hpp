#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "exchange/trading_engine.hpp"

namespace ktape::test {

inline Decimal decimal(std::string_view text) { return Decimal::parse(text).value(); }

// A market that shows what a test says: TEST/USD with the terms of the simulated exchange's rules (tick 0.1, lot 1e-8,
// minimum 0.00005 and cost 0.5), and ETH/EUR with two places.
class FixedMarket final : public MarketView {
 public:
  FixedMarket() {
    const std::vector<AssetInfo> assets{
        {.id = "TEST", .status = "enabled", .precision = 10, .precision_display = 5},
        {.id = "ETH", .status = "enabled", .precision = 10, .precision_display = 5},
        {.id = "EUR", .status = "enabled", .precision = 4, .precision_display = 2},
        {.id = "USD", .status = "enabled", .precision = 4, .precision_display = 2},
    };
    const std::vector<PairInfo> pairs{pair("TEST/USD", "TEST", "USD", 1, "0.1"),
                                      pair("ETH/EUR", "ETH", "EUR", 2, "0.01")};
    InstrumentUpdate update;
    update.snapshot = true;
    update.assets = assets;
    update.pairs = pairs;
    table.apply(update);
  }

  const InstrumentTable& instruments() const override { return table; }
  std::vector<Level> levels(std::string_view symbol, Side side) const override {
    const auto found = books.find({std::string(symbol), side});
    return found == books.end() ? std::vector<Level>() : found->second;
  }
  std::string_view system() const override { return state; }

  // "100.1x1 100.2x2", best first.
  void show(const std::string& symbol, Side side, std::string_view levels) {
    auto& all = books[{symbol, side}];
    all.clear();
    while (!levels.empty()) {
      const std::string_view one = levels.substr(0, levels.find(' '));
      levels.remove_prefix(std::min(levels.size(), one.size() + 1));
      const auto by = one.find('x');
      all.push_back({decimal(one.substr(0, by)), decimal(one.substr(by + 1))});
    }
  }

  InstrumentTable table;
  std::map<std::pair<std::string, Side>, std::vector<Level>> books;
  std::string state = "online";

 private:
  static PairInfo pair(std::string_view symbol, std::string_view base, std::string_view quote, int places,
                       std::string_view tick) {
    PairInfo out;
    out.symbol = symbol;
    out.base = base;
    out.quote = quote;
    out.status = "online";
    out.price_precision = places;
    out.quantity_precision = 8;
    out.cost_precision = 5;
    out.price_increment = decimal(tick);
    out.quantity_increment = decimal("0.00000001");
    out.quantity_min = decimal("0.00005");
    out.cost_min = decimal("0.5");
    return out;
  }
};

}  // namespace ktape::test
