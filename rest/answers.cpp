#include "rest/answers.hpp"

#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/protocol/json_fields.hpp"
#include "core/protocol/spot_v1/text_values.hpp"
#include "core/protocol/spot_v1/unix_time.hpp"

namespace ktape::rest {
namespace {

using spot_v1::DecimalText;

constexpr std::int64_t kMaxTokenSeconds = 86400;
constexpr std::size_t kMaxTokenBytes = 1024;

// Epoch seconds as a number, with or without decimals.
struct UnixSeconds {
  Timestamp value{};
};
const char* convert(const JsonNode& node, UnixSeconds& out) {
  constexpr const char* kExpected = "unix seconds as a number, with at most 9 decimals";
  if (node.kind != JsonKind::Number) return kExpected;
  const auto at = spot_v1::parse_unix_seconds(node.text());
  if (!at) return kExpected;
  out.value = *at;
  return nullptr;
}

// Epoch nanoseconds as text: the `last` of Trades.
struct UnixNanosecondsText {
  Timestamp value{};
};
const char* convert(const JsonNode& node, UnixNanosecondsText& out) {
  constexpr const char* kExpected = "unix nanoseconds as text";
  if (node.kind != JsonKind::String) return kExpected;
  std::int64_t count = 0;
  const std::string_view text = node.text();
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || stop != text.data() + text.size() || count < 0) return kExpected;
  out.value = from_nanoseconds(count);
  return nullptr;
}

struct SideLetter {
  Side value = Side::Buy;
};
const char* convert(const JsonNode& node, SideLetter& out) {
  const auto side = node.kind == JsonKind::String ? spot_v1::side_of_letter(node.text()) : std::nullopt;
  if (!side) return "\"b\" or \"s\"";
  out.value = *side;
  return nullptr;
}

struct OrderTypeLetter {
  OrderType value = OrderType::Limit;
};
const char* convert(const JsonNode& node, OrderTypeLetter& out) {
  const auto type = node.kind == JsonKind::String ? spot_v1::order_type_of_letter(node.text()) : std::nullopt;
  if (!type) return "\"m\" or \"l\"";
  out.value = *type;
  return nullptr;
}

// Takes the elements of an array one after the other. The first failure sticks; elements beyond are for the future.
class RowReader {
 public:
  RowReader(const JsonNode& row, std::string_view where) : where_(where) {
    if (row.kind != JsonKind::Array) {
      result_ = wrong_field(where_, "a row", row, "an array");
      return;
    }
    next_ = &row + 1;
    end_ = row.end();
  }
  template <class T>
  T take(std::string_view name) {
    T out{};
    if (!result_) return out;
    if (next_ == end_) {
      result_ = missing_field(where_, name);
      return out;
    }
    if (const char* const expected = convert(*next_, out); expected != nullptr) {
      result_ = wrong_field(where_, name, *next_, expected);
      return out;
    }
    next_ = next_->end();
    return out;
  }
  const Result<void>& result() const { return result_; }

 private:
  std::string_view where_;
  const JsonNode* next_ = nullptr;
  const JsonNode* end_ = nullptr;
  Result<void> result_;
};

struct PairMember {
  std::string_view name;
  const JsonNode* value = nullptr;
};

// Kraken answers under a name of its own choice, beside `last`.
Result<PairMember> the_one_pair(const JsonNode& result, std::string_view where) {
  PairMember found;
  std::size_t count = 0;
  for_each_member(result, [&](std::string_view name, const JsonNode& value) {
    if (name == "last") return;
    found = {name, &value};
    ++count;
  });
  if (count != 1) return fail(Errc::Protocol, fmt::format("{}: {} pairs in the answer, one expected", where, count));
  return found;
}

template <class Row, class Reader>
Result<std::vector<Row>> read_rows(const JsonNode& array, std::string_view where, Reader read) {
  if (array.kind != JsonKind::Array) return wrong_field(where, "the list of rows", array, "an array");
  std::vector<Row> rows;
  Result<void> result;
  for_each_element(array, [&](const JsonNode& element) {
    RowReader reader(element, where);
    rows.push_back(read(reader));
    result = reader.result();
    return result.has_value();
  });
  if (!result) return tl::unexpected<Error>(result.error());
  return rows;
}

template <class Last>
Result<Timestamp> read_last(const JsonNode& result, std::string_view where) {
  const JsonNode* const node = find_member(result, "last");
  if (node == nullptr) return missing_field(where, "last");
  Last last;
  if (const char* const expected = convert(*node, last); expected != nullptr) {
    return wrong_field(where, "last", *node, expected);
  }
  return last.value;
}

OhlcRow ohlc_row(RowReader& reader) {
  OhlcRow row;
  row.begin = reader.take<UnixSeconds>("begin").value;
  row.open = reader.take<DecimalText>("open").value;
  row.high = reader.take<DecimalText>("high").value;
  row.low = reader.take<DecimalText>("low").value;
  row.close = reader.take<DecimalText>("close").value;
  row.vwap = reader.take<DecimalText>("vwap").value;
  row.volume = reader.take<DecimalText>("volume").value;
  row.trades = reader.take<std::int64_t>("count");
  return row;
}

RestTrade trade_row(RowReader& reader) {
  RestTrade row;
  row.price = reader.take<DecimalText>("price").value;
  row.quantity = reader.take<DecimalText>("volume").value;
  row.exchange_time = reader.take<UnixSeconds>("time").value;
  row.side = reader.take<SideLetter>("side").value;
  row.order_type = reader.take<OrderTypeLetter>("order type").value;
  reader.take<std::string_view>("miscellaneous");
  row.id = reader.take<std::int64_t>("trade id");
  return row;
}

DepthLevel depth_row(RowReader& reader) {
  DepthLevel row;
  row.price = reader.take<DecimalText>("price").value;
  row.quantity = reader.take<DecimalText>("volume").value;
  row.exchange_time = reader.take<UnixSeconds>("time").value;
  return row;
}

// Calls read(id, member) for each member until one fails.
template <class T, class Reader>
Result<std::vector<T>> read_members(const JsonNode& result, Reader read) {
  std::vector<T> out;
  Result<void> status;
  for_each_member(result, [&](std::string_view id, const JsonNode& member) {
    if (!status) return;
    T value;
    value.id = id;
    status = read(member, value);
    out.push_back(std::move(value));
  });
  if (!status) return tl::unexpected<Error>(status.error());
  return out;
}

}  // namespace

Result<ServerTime> read_time(const JsonNode& result) {
  UnixSeconds at;
  std::string_view rfc1123;
  std::uint64_t unknown = 0;
  auto read = read_fields(result, "Time", unknown, required("unixtime", at), optional("rfc1123", rfc1123));
  if (!read) return tl::unexpected<Error>(read.error());
  return ServerTime{at.value, std::string(rfc1123)};
}

Result<SystemStatus> read_system_status(const JsonNode& result) {
  SystemStatus out;
  std::string_view status;
  std::uint64_t unknown = 0;
  auto read = read_fields(result, "SystemStatus", unknown, required("status", status), required("timestamp", out.at));
  if (!read) return tl::unexpected<Error>(read.error());
  out.status = status;
  return out;
}

Result<std::vector<RestAsset>> read_assets(const JsonNode& result) {
  return read_members<RestAsset>(result, [](const JsonNode& member, RestAsset& out) -> Result<void> {
    std::string_view altname;
    std::string_view asset_class;
    std::string_view status;
    std::uint64_t unknown = 0;
    const std::string where = fmt::format("Assets '{}'", excerpt(out.id));
    auto read = read_fields(member, where, unknown, required("altname", altname), optional("aclass", asset_class),
                            required("decimals", out.decimals), optional("display_decimals", out.display_decimals),
                            optional("collateral_value", out.collateral_value),
                            optional("margin_rate", out.margin_rate), optional("status", status));
    out.altname = altname;
    out.asset_class = asset_class;
    out.status = status;
    return read;
  });
}

Result<std::vector<RestPair>> read_asset_pairs(const JsonNode& result) {
  return read_members<RestPair>(result, [](const JsonNode& member, RestPair& out) -> Result<void> {
    std::string_view altname;
    std::string_view wsname;
    std::string_view base;
    std::string_view quote;
    std::string_view status;
    std::optional<DecimalText> order_minimum;
    std::optional<DecimalText> cost_minimum;
    std::optional<DecimalText> tick_size;
    std::uint64_t unknown = 0;
    const std::string where = fmt::format("AssetPairs '{}'", excerpt(out.id));
    auto read =
        read_fields(member, where, unknown, required("altname", altname), optional("wsname", wsname),
                    required("base", base), required("quote", quote), required("pair_decimals", out.pair_decimals),
                    required("lot_decimals", out.lot_decimals), required("cost_decimals", out.cost_decimals),
                    optional("ordermin", order_minimum), optional("costmin", cost_minimum),
                    optional("tick_size", tick_size), optional("status", status));
    out.altname = altname;
    out.wsname = wsname;
    out.base = base;
    out.quote = quote;
    out.order_minimum = spot_v1::value_of(order_minimum);
    out.cost_minimum = spot_v1::value_of(cost_minimum);
    out.tick_size = spot_v1::value_of(tick_size);
    out.status = status;
    return read;
  });
}

Result<OhlcAnswer> read_ohlc(const JsonNode& result) {
  constexpr std::string_view kWhere = "OHLC";
  const auto pair = the_one_pair(result, kWhere);
  if (!pair) return tl::unexpected<Error>(pair.error());
  auto rows = read_rows<OhlcRow>(*pair->value, kWhere, ohlc_row);
  if (!rows) return tl::unexpected<Error>(rows.error());
  const auto last = read_last<UnixSeconds>(result, kWhere);
  if (!last) return tl::unexpected<Error>(last.error());
  return OhlcAnswer{std::string(pair->name), std::move(*rows), *last};
}

Result<TradesPage> read_trades(const JsonNode& result) {
  constexpr std::string_view kWhere = "Trades";
  const auto pair = the_one_pair(result, kWhere);
  if (!pair) return tl::unexpected<Error>(pair.error());
  auto rows = read_rows<RestTrade>(*pair->value, kWhere, trade_row);
  if (!rows) return tl::unexpected<Error>(rows.error());
  const auto last = read_last<UnixNanosecondsText>(result, kWhere);
  if (!last) return tl::unexpected<Error>(last.error());
  return TradesPage{std::string(pair->name), std::move(*rows), *last};
}

Result<DepthAnswer> read_depth(const JsonNode& result) {
  constexpr std::string_view kWhere = "Depth";
  const auto pair = the_one_pair(result, kWhere);
  if (!pair) return tl::unexpected<Error>(pair.error());
  const JsonNode* asks = nullptr;
  const JsonNode* bids = nullptr;
  std::uint64_t unknown = 0;
  auto read = read_fields(*pair->value, kWhere, unknown, required("asks", asks), required("bids", bids));
  if (!read) return tl::unexpected<Error>(read.error());
  auto ask_rows = read_rows<DepthLevel>(*asks, kWhere, depth_row);
  if (!ask_rows) return tl::unexpected<Error>(ask_rows.error());
  auto bid_rows = read_rows<DepthLevel>(*bids, kWhere, depth_row);
  if (!bid_rows) return tl::unexpected<Error>(bid_rows.error());
  return DepthAnswer{std::string(pair->name), std::move(*ask_rows), std::move(*bid_rows)};
}

Result<WebSocketsToken> read_token(const JsonNode& result) {
  const JsonNode* const token = find_member(result, "token");
  if (token == nullptr || token->kind != JsonKind::String || token->text().empty() ||
      token->text().size() > kMaxTokenBytes) {
    return fail(Errc::Protocol, "GetWebSocketsToken: no token that is text");
  }
  const JsonNode* const expires = find_member(result, "expires");
  std::int64_t seconds = 0;
  if (expires == nullptr || convert(*expires, seconds) != nullptr || seconds <= 0 || seconds > kMaxTokenSeconds) {
    return fail(Errc::Protocol, "GetWebSocketsToken: no expires that is a number of seconds");
  }
  return WebSocketsToken{std::string(token->text()), std::chrono::seconds(seconds)};
}

}  // namespace ktape::rest
