#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/market/event.hpp"

namespace ktape {

// The terms of one asset and of one pair, as the channel instrument tells them (spot-v2 section 5.1).
struct AssetTerms {
  std::string id;
  std::string status = "enabled";
  std::string asset_class = "currency";
  int precision = 8;
  int precision_display = 5;
  std::optional<Decimal> collateral_value{}, margin_rate{};
};

struct PairTerms {
  std::string symbol, base, quote;
  std::string status = "online";
  int price_precision = 1;
  int quantity_precision = 8;
  int cost_precision = 5;
  Decimal price_increment{}, quantity_increment{}, quantity_min{}, cost_min{};
  bool marginable = false;
  bool has_index = false;
  std::optional<std::int64_t> position_limit_long{}, position_limit_short{};
  bool assumed = false;  // nobody has told them: made from what a book looks like, without minimums
};

// What can be traded, from messages of the channel instrument.
class InstrumentTable {
 public:
  using Assets = std::map<std::string, AssetTerms, std::less<>>;
  using Pairs = std::map<std::string, PairTerms, std::less<>>;

  // A snapshot replaces what was told before; an update replaces the entries that it has.
  void apply(const InstrumentUpdate& update);

  // For recordings without that channel: a pair whose prices and quantities have so many places, and its two assets
  // (fiat money with four places, all else with ten, as Kraken keeps them). Nothing of what was told is touched.
  void assume(std::string_view symbol, int price_precision, int quantity_precision);

  // By the places of its prices and quantities; a book without levels tells nothing.
  void assume(const BookSnapshot& book);

  const AssetTerms* find_asset(std::string_view id) const;
  // The decimals of its balances; of one that nobody has told of, as assume() has it.
  int balance_places(std::string_view id) const;
  const PairTerms* find_pair(std::string_view symbol) const;
  const Assets& assets() const { return assets_; }
  const Pairs& pairs() const { return pairs_; }
  bool empty() const { return pairs_.empty(); }

 private:
  Assets assets_;
  Pairs pairs_;
};

}  // namespace ktape
