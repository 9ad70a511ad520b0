#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/market/event.hpp"
#include "core/protocol/json_tape.hpp"

namespace ktape::rest {

// Kraken's answers as values that own their text. Each reader takes an envelope's `result`, ignores what it does not
// know, and names what is missing or wrong; numbers are read from their text, never by way of floating point.

struct ServerTime {
  Timestamp at{};  // whole seconds
  std::string rfc1123{};
};

struct SystemStatus {
  std::string status{};  // online, maintenance, cancel_only, post_only, or a word that is not known yet
  Timestamp at{};
};

struct RestAsset {
  std::string id{};       // "XXBT"
  std::string altname{};  // "XBT"
  std::string asset_class{};
  int decimals = 0;
  int display_decimals = 0;
  std::optional<Decimal> collateral_value{}, margin_rate{};
  std::string status{};
};

struct RestPair {
  std::string id{};       // "XXBTZUSD"
  std::string altname{};  // "XBTUSD"
  std::string wsname{};   // "XBT/USD", the name of Spot v1; empty for some
  std::string base{}, quote{};
  int pair_decimals = 0;
  int lot_decimals = 0;
  int cost_decimals = 0;
  std::optional<Decimal> order_minimum{}, cost_minimum{}, tick_size{};
  std::string status{};
};

struct OhlcRow {
  Timestamp begin{};
  Decimal open{}, high{}, low{}, close{}, vwap{}, volume{};
  std::int64_t trades = 0;
};
struct OhlcAnswer {
  std::string pair{};
  std::vector<OhlcRow> rows{};  // oldest first; the last one is still forming
  Timestamp last{};             // begin of the last committed row
};

struct RestTrade {
  Decimal price{}, quantity{};
  Timestamp exchange_time{};  // rounded by Kraken to 100 ns
  Side side = Side::Buy;      // of the taker
  OrderType order_type = OrderType::Limit;
  std::int64_t id = 0;
};
struct TradesPage {
  std::string pair{};
  std::vector<RestTrade> rows{};  // oldest first
  Timestamp last{};               // exact time of the last row
};

struct DepthLevel {
  Decimal price{}, quantity{};
  Timestamp exchange_time{};  // whole seconds
};
struct DepthAnswer {
  std::string pair{};
  std::vector<DepthLevel> asks{}, bids{};  // best first. No checksum holds over these: volumes are cut to 3 places
};

struct WebSocketsToken {
  std::string token{};
  Duration expires{};  // to be used within; 15 minutes
};

Result<ServerTime> read_time(const JsonNode& result);
Result<SystemStatus> read_system_status(const JsonNode& result);
Result<std::vector<RestAsset>> read_assets(const JsonNode& result);
Result<std::vector<RestPair>> read_asset_pairs(const JsonNode& result);
Result<OhlcAnswer> read_ohlc(const JsonNode& result);
Result<TradesPage> read_trades(const JsonNode& result);
Result<DepthAnswer> read_depth(const JsonNode& result);
// Errors name the field and never show a value.
Result<WebSocketsToken> read_token(const JsonNode& result);

}  // namespace ktape::rest
