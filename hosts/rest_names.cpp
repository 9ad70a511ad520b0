#include "hosts/rest_names.hpp"

#include <algorithm>
#include <array>

#include "core/protocol/spot_v1/symbol_names.hpp"

namespace ktape::hosts {
namespace {

constexpr std::array<std::string_view, 11> kOldCoins{"XBT", "ETH", "LTC", "XRP", "XLM", "XMR",
                                                     "ZEC", "ETC", "REP", "MLN", "XDG"};
constexpr std::array<std::string_view, 6> kOldMoney{"USD", "EUR", "GBP", "CAD", "JPY", "AUD"};

template <class List>
bool contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// The old pairs have long ids; XDG and AUD came later, and the pound has only two of them.
bool has_long_id(std::string_view base, std::string_view quote) {
  if (!contains(kOldCoins, base) || base == "XDG") return false;
  if (quote == "XBT" || quote == "ETH") return true;
  if (quote == "GBP") return base == "XBT" || base == "ETH";
  if (quote == "CAD" || quote == "JPY") return base == "XBT" || base == "ETH" || base == "XRP";
  return quote == "USD" || quote == "EUR";
}

}  // namespace

std::string rest_altname(std::string_view asset) {
  if (asset == "BTC") return "XBT";
  if (asset == "DOGE") return "XDG";
  return std::string(asset);
}

std::string rest_asset_id(std::string_view asset) {
  std::string altname = rest_altname(asset);
  if (contains(kOldCoins, altname)) return "X" + altname;
  if (contains(kOldMoney, altname)) return "Z" + altname;
  return altname;
}

std::string rest_pair_altname(const PairTerms& pair) { return rest_altname(pair.base) + rest_altname(pair.quote); }

std::string rest_wsname(const PairTerms& pair) { return spot_v1::wire_symbol(pair.symbol); }

std::string rest_pair_id(const PairTerms& pair) {
  if (!has_long_id(rest_altname(pair.base), rest_altname(pair.quote))) return rest_pair_altname(pair);
  return rest_asset_id(pair.base) + rest_asset_id(pair.quote);
}

const PairTerms* find_by_rest_name(const InstrumentTable& instruments, std::string_view name) {
  if (const PairTerms* const pair = instruments.find_pair(name)) return pair;
  for (const auto& [symbol, pair] : instruments.pairs()) {
    if (rest_pair_id(pair) == name || rest_pair_altname(pair) == name || rest_wsname(pair) == name) return &pair;
  }
  return nullptr;
}

const AssetTerms* find_asset_by_rest_name(const InstrumentTable& instruments, std::string_view name) {
  if (const AssetTerms* const asset = instruments.find_asset(name)) return asset;
  for (const auto& [id, asset] : instruments.assets()) {
    if (rest_asset_id(id) == name || rest_altname(id) == name) return &asset;
  }
  return nullptr;
}

std::string answer_key(const PairTerms& pair, std::string_view asked, bool modern) {
  if (asked.find('/') != std::string_view::npos) return std::string(asked);
  return modern ? pair.symbol : rest_pair_id(pair);
}

}  // namespace ktape::hosts
