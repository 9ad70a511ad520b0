#include "tests/support/rest_answers_text.hpp"

#include <optional>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "rest/answers.hpp"
#include "rest/envelope.hpp"

namespace ktape::test {
namespace {

std::string text_of(const std::optional<Decimal>& value) { return value ? value->text() : "-"; }
std::string text_of(Timestamp at) { return format_rfc3339(at); }

std::string text_of(const rest::ServerTime& value) {
  return fmt::format("  {} '{}'\n", text_of(value.at), value.rfc1123);
}
std::string text_of(const rest::SystemStatus& value) {
  return fmt::format("  {} {}\n", value.status, text_of(value.at));
}
std::string text_of(const std::vector<rest::RestAsset>& values) {
  std::string out;
  for (const auto& v : values) {
    out += fmt::format("  {} {} {} decimals {} {} collateral {} margin {} {}\n", v.id, v.altname, v.asset_class,
                       v.decimals, v.display_decimals, text_of(v.collateral_value), text_of(v.margin_rate), v.status);
  }
  return out;
}
std::string text_of(const std::vector<rest::RestPair>& values) {
  std::string out;
  for (const auto& v : values) {
    out += fmt::format("  {} {} '{}' {}/{} decimals {} {} {} minimum {} {} tick {} {}\n", v.id, v.altname, v.wsname,
                       v.base, v.quote, v.pair_decimals, v.lot_decimals, v.cost_decimals, text_of(v.order_minimum),
                       text_of(v.cost_minimum), text_of(v.tick_size), v.status);
  }
  return out;
}
std::string text_of(const rest::OhlcAnswer& value) {
  std::string out = fmt::format("  {} last {}\n", value.pair, text_of(value.last));
  for (const auto& r : value.rows) {
    out += fmt::format("  {} {} {} {} {} vwap {} volume {} trades {}\n", text_of(r.begin), r.open.text(), r.high.text(),
                       r.low.text(), r.close.text(), r.vwap.text(), r.volume.text(), r.trades);
  }
  return out;
}
std::string text_of(const rest::TradesPage& value) {
  std::string out = fmt::format("  {} last {}\n", value.pair, text_of(value.last));
  for (const auto& r : value.rows) {
    out += fmt::format("  {} {} {} {} x {} {}\n", r.id, text_of(r.exchange_time), to_string(r.side), r.quantity.text(),
                       r.price.text(), to_string(r.order_type));
  }
  return out;
}
std::string text_of(const rest::DepthAnswer& value) {
  std::string out = fmt::format("  {}\n", value.pair);
  for (const auto& r : value.asks) {
    out += fmt::format("  ask {} x {} {}\n", r.quantity.text(), r.price.text(), text_of(r.exchange_time));
  }
  for (const auto& r : value.bids) {
    out += fmt::format("  bid {} x {} {}\n", r.quantity.text(), r.price.text(), text_of(r.exchange_time));
  }
  return out;
}
std::string text_of(const rest::WebSocketsToken& value) {
  return fmt::format("  {} for {}\n", value.token, format_duration(value.expires));
}

template <class T>
std::string told(const Result<T>& value) {
  if (!value) return fmt::format("  error {}: {}\n", to_string(value.error().code), value.error().detail);
  return text_of(*value);
}

std::string_view to_string(rest::Retry retry) {
  switch (retry) {
    case rest::Retry::Never:
      return "never again";
    case rest::Retry::Later:
      return "again later";
    case rest::Retry::FreshNonce:
      return "again with a fresh nonce";
  }
  return "?";
}

}  // namespace

std::string rest_answer_text(std::string_view method, std::string_view body) {
  JsonTape tape;
  const auto envelope = rest::read_envelope(tape, body);
  if (!envelope)
    return fmt::format("  error {}: {}\n", ktape::to_string(envelope.error().code), envelope.error().detail);
  std::string out;
  for (const auto& warning : envelope->warnings) out += fmt::format("  warning '{}'\n", warning);
  for (const auto& error : envelope->errors) {
    const auto until = rest::throttled_until(error);
    out += fmt::format("  '{}' is {}, {}{}\n", error, ktape::to_string(rest::errc_of(error)),
                       to_string(rest::retry_of(error)), until ? " from " + text_of(*until) : "");
  }
  if (!envelope->errors.empty()) return out;
  const JsonNode& result = *envelope->result;
  if (method == "Time") return out + told(rest::read_time(result));
  if (method == "SystemStatus") return out + told(rest::read_system_status(result));
  if (method == "Assets") return out + told(rest::read_assets(result));
  if (method == "AssetPairs") return out + told(rest::read_asset_pairs(result));
  if (method == "OHLC") return out + told(rest::read_ohlc(result));
  if (method == "Trades") return out + told(rest::read_trades(result));
  if (method == "Depth") return out + told(rest::read_depth(result));
  KTAPE_ASSERT(method == "GetWebSocketsToken", "a method that nobody reads");
  return out + told(rest::read_token(result));
}

}  // namespace ktape::test
