#pragma once

#include <string>
#include <string_view>

#include "exchange/instrument_table.hpp"

// What Kraken's REST calls assets and pairs (rest section 5). The three names of a pair are made from its modern one.
namespace ktape::hosts {

std::string rest_asset_id(std::string_view asset);  // BTC: XXBT, USD: ZUSD, SOL: SOL
std::string rest_altname(std::string_view asset);   // BTC: XBT
// What REST knows as X-names is the coins of the first years; their pairs with each other and with money have long ids,
// all others are the altname.
std::string rest_pair_id(const PairTerms& pair);       // XXBTZUSD, SOLUSD
std::string rest_pair_altname(const PairTerms& pair);  // XBTUSD
std::string rest_wsname(const PairTerms& pair);        // XBT/USD

// By any of its names: XXBTZUSD, XBTUSD, XBT/USD, BTC/USD. nullptr if there is none.
const PairTerms* find_by_rest_name(const InstrumentTable& instruments, std::string_view name);
const AssetTerms* find_asset_by_rest_name(const InstrumentTable& instruments, std::string_view name);

// The key that an answer has: the name that was asked for if it has a slash, else the id.
std::string answer_key(const PairTerms& pair, std::string_view asked, bool modern);

}  // namespace ktape::hosts
