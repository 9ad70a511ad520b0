#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ktape {

// The symbol that the name of one of Kraken's trade files means: "XBTUSD.csv" is BTC/USD, with or without folders and
// ".zst". Nothing where the name can be cut in two ways, or in none: "FOOBAR.csv".
std::optional<std::string> symbol_of_trades_file(std::string_view path);

// Whether a line looks like "time,price,volume".
bool is_kraken_trade_line(std::string_view line);

}  // namespace ktape
