#include "hosts/spot_rest.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "exchange/consolidated_fills.hpp"
#include "exchange/money.hpp"
#include "hosts/rest_names.hpp"

namespace ktape::hosts {
namespace {

constexpr std::string_view kPublic = "/0/public/";
constexpr std::string_view kPrivate = "/0/private/";
constexpr std::string_view kDenied = "EGeneral:Permission denied";
constexpr std::string_view kUnknownMethod = "EGeneral:Unknown method";

RestAnswer refused(std::string_view error) { return {{}, std::string(error)}; }

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// What a call adds to its key's counter (rest section 12); nothing for a method that is not served.
struct PrivateMethod {
  std::string_view name;
  int cost;
};
constexpr std::array<PrivateMethod, 16> kPrivateMethods{{{"GetWebSocketsToken", 1},
                                                         {"Balance", 1},
                                                         {"BalanceEx", 1},
                                                         {"OpenOrders", 1},
                                                         {"QueryOrders", 1},
                                                         {"ClosedOrders", 1},
                                                         {"TradesHistory", 4},
                                                         {"TradeVolume", 1},
                                                         {"AddOrder", 0},
                                                         {"AmendOrder", 0},
                                                         {"CancelOrder", 0},
                                                         {"EditOrder", 0},
                                                         {"AddOrderBatch", 0},
                                                         {"CancelOrderBatch", 0},
                                                         {"CancelAll", 1},
                                                         {"CancelAllOrdersAfter", 1}}};

// Epoch seconds as a number, to the microsecond.
std::string seconds_text(Timestamp at) {
  const std::int64_t since = nanoseconds(at);
  return fmt::format("{}.{:06}", since / 1'000'000'000, since % 1'000'000'000 / 1000);
}

std::string_view rest_status(const EngineOrder& order) {
  switch (order.status) {
    case OrderStatus::PendingNew:
      return "pending";
    case OrderStatus::Filled:
      return "closed";
    case OrderStatus::Canceled:
      return "canceled";
    case OrderStatus::Expired:
      return "expired";
    default:
      return "open";
  }
}

std::string order_text(const EngineOrder& order, const InstrumentTable& instruments) {
  const PairTerms* const pair = instruments.find_pair(order.symbol);
  const std::string name = pair != nullptr ? rest_pair_altname(*pair) : order.symbol;
  const std::string limit = order.limit_price ? order.limit_price->text() : "0";
  std::string words = fmt::format("{} {} {} @ {}", to_string(order.side), order.quantity.text(), name,
                                  order.limit_price ? "limit " + limit : "market");
  std::string out = fmt::format(
      R"({{"refid":null,"userref":{},"cl_ord_id":{},"status":"{}","opentm":{},"starttm":0,"expiretm":{},"descr":{{"pair":{},"type":"{}","ordertype":{},"price":"{}","price2":"0","leverage":"none","order":{},"close":""}},"vol":"{}","vol_exec":"{}","cost":"{}","fee":"{}","price":"{}","stopprice":"0.00000","limitprice":"0.00000","misc":"","oflags":"{}")",
      order.user_reference ? std::to_string(*order.user_reference) : "null",
      order.client_order_id.empty() ? "null" : quoted(order.client_order_id), rest_status(order),
      seconds_text(order.opened_at), order.expire_time ? seconds_text(*order.expire_time) : "0", quoted(name),
      to_string(order.side), quoted(order.order_type), limit, quoted(words), order.quantity.text(),
      order.filled_quantity.text(), order.filled_cost.text(), order.fee.text(), order.average_price.text(),
      order.post_only ? "fciq,post" : "fciq");
  const bool closed = order.status == OrderStatus::Filled || order.status == OrderStatus::Canceled ||
                      order.status == OrderStatus::Expired;
  if (closed) {
    out += fmt::format(R"(,"closetm":{},"reason":{})", seconds_text(order.changed_at),
                       order.reason.empty() ? "null" : quoted(order.reason));
  }
  return out + '}';
}

std::string orders_text(const std::vector<EngineOrder>& orders, const InstrumentTable& instruments) {
  std::string out = "{";
  for (const EngineOrder& order : orders) {
    if (out.size() > 1) out += ',';
    out += quoted(order.order_id) + ":" + order_text(order, instruments);
  }
  return out + '}';
}

net::HttpResponse envelope(const RestAnswer& answer) {
  net::HttpResponse response;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = answer.error.empty() ? fmt::format(R"({{"error":[],"result":{}}})", answer.result)
                                       : fmt::format(R"({{"error":[{}]}})", quoted(answer.error));
  return response;
}

}  // namespace

SpotRest::SpotRest(const Clock& clock, const MarketWatch& market, TradingEngine& engine, TokenDesk& tokens,
                   const std::vector<Account>& accounts)
    : clock_(clock), market_(clock, market), watch_(market), engine_(engine), tokens_(tokens), keys_(clock, accounts) {}

std::optional<net::HttpResponse> SpotRest::answer(const net::HttpRequest& request) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  if (!path.starts_with("/0/")) return std::nullopt;
  const CallParameters parameters = CallParameters::of(request);
  if (path.starts_with(kPublic)) return envelope(answer_public(path.substr(kPublic.size()), parameters));
  if (path.starts_with(kPrivate)) return envelope(answer_private(path.substr(kPrivate.size()), request, parameters));
  return envelope(refused(kUnknownMethod));
}

RestAnswer SpotRest::answer_public(std::string_view method, const CallParameters& parameters) const {
  if (method == "Time") return market_.server_time();
  if (method == "SystemStatus") return market_.system_status();
  if (method == "Assets") return market_.assets(parameters);
  if (method == "AssetPairs") return market_.asset_pairs(parameters);
  if (method == "Ticker") return market_.ticker(parameters);
  if (method == "OHLC") return market_.ohlc(parameters);
  if (method == "Trades") return market_.trades(parameters);
  if (method == "Depth") return market_.depth(parameters);
  if (method == "Spread") return market_.spread(parameters);
  return refused(kUnknownMethod);
}

RestAnswer SpotRest::answer_private(std::string_view method, const net::HttpRequest& request,
                                    const CallParameters& parameters) {
  const auto known = std::find_if(kPrivateMethods.begin(), kPrivateMethods.end(),
                                  [method](const PrivateMethod& one) { return one.name == method; });
  if (known == kPrivateMethods.end()) return refused(kUnknownMethod);
  const Caller caller = keys_.check(request, parameters, known->cost);
  if (!caller.error.empty()) return refused(caller.error);
  const Permissions& may = caller.key->permissions;
  if (method == "GetWebSocketsToken") return may.create_ws_token ? token(caller) : refused(kDenied);
  if (method == "Balance" || method == "BalanceEx" || method == "TradeVolume") {
    if (!may.query_funds) return refused(kDenied);
    return method == "TradeVolume" ? trade_volume(caller, parameters) : balance(caller, method == "BalanceEx");
  }
  if (method == "OpenOrders") return may.query_open_trades ? open_orders(caller) : refused(kDenied);
  if (method == "QueryOrders") return may.query_open_trades ? query_orders(caller, parameters) : refused(kDenied);
  if (method == "ClosedOrders") return may.query_closed_trades ? closed_orders(caller) : refused(kDenied);
  if (method == "TradesHistory") return may.query_closed_trades ? trades_history(caller, parameters) : refused(kDenied);
  return trade(caller, method, parameters);
}

RestAnswer SpotRest::token(const Caller& caller) {
  const std::string issued = tokens_.issue({caller.account, caller.key->permissions});
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(TokenDesk::kLifetime).count();
  return {fmt::format(R"({{"token":{},"expires":{}}})", quoted(issued), seconds), {}};
}

RestAnswer SpotRest::balance(const Caller& caller, bool extended) const {
  const auto balances = engine_.balances(caller.account);
  const auto holds = engine_.holds(caller.account);
  std::string out = "{";
  for (const auto& [asset, amount] : balances) {
    const AssetTerms* const terms = watch_.instruments().find_asset(asset);
    const int places = terms != nullptr ? terms->precision : AssetTerms{}.precision;
    const auto text = [places](const Decimal& value) { return money::rounded(value, places).value_or(value).text(); };
    if (out.size() > 1) out += ',';
    out += quoted(rest_asset_id(asset)) + ":";
    const auto held = holds.find(asset);
    out += extended ? fmt::format(R"({{"balance":"{}","hold_trade":"{}"}})", text(amount),
                                  text(held == holds.end() ? Decimal() : held->second))
                    : fmt::format("\"{}\"", text(amount));
  }
  return {out + '}', {}};
}

RestAnswer SpotRest::open_orders(const Caller& caller) const {
  return {fmt::format(R"({{"open":{}}})", orders_text(engine_.open_orders(caller.account), watch_.instruments())), {}};
}

RestAnswer SpotRest::query_orders(const Caller& caller, const CallParameters& parameters) const {
  const std::string wanted = "," + std::string(parameters.get("txid")) + ",";
  std::vector<EngineOrder> found;
  for (auto orders : {engine_.open_orders(caller.account), engine_.closed_orders(caller.account)}) {
    for (EngineOrder& order : orders) {
      if (wanted.find("," + order.order_id + ",") != std::string::npos) found.push_back(std::move(order));
    }
  }
  if (found.empty()) return refused("EOrder:Unknown order");
  return {orders_text(found, watch_.instruments()), {}};
}

RestAnswer SpotRest::closed_orders(const Caller& caller) const {
  constexpr std::size_t kPage = 50;
  auto orders = engine_.closed_orders(caller.account);
  const std::size_t count = orders.size();
  std::reverse(orders.begin(), orders.end());  // newest first
  if (orders.size() > kPage) orders.resize(kPage);
  return {fmt::format(R"({{"closed":{},"count":{}}})", orders_text(orders, watch_.instruments()), count), {}};
}

// The fills of an order that took are one, unless consolidate_taker says otherwise (rest section 10).
RestAnswer SpotRest::trades_history(const Caller& caller, const CallParameters& parameters) const {
  constexpr std::size_t kPage = 50;
  auto fills = engine_.fills(caller.account);
  if (parameters.get("consolidate_taker") != "false") fills = consolidated(fills);
  std::string out;
  for (std::size_t i = 0; i < std::min(fills.size(), kPage); ++i) {
    const EngineFill& fill = fills[fills.size() - 1 - i];
    const PairTerms* const pair = watch_.instruments().find_pair(fill.symbol);
    if (!out.empty()) out += ',';
    out += fmt::format(
        R"({}:{{"ordertxid":{},"postxid":"","pair":{},"time":{},"type":"{}","ordertype":{},"price":"{}","cost":"{}","fee":"{}","vol":"{}","margin":"0.00000","leverage":"0","misc":"","trade_id":{},"maker":{}}})",
        quoted(fill.fill_id), quoted(fill.order_id), quoted(pair != nullptr ? rest_pair_id(*pair) : fill.symbol),
        seconds_text(fill.at), to_string(fill.side), quoted(fill.order_type), fill.price.text(), fill.cost.text(),
        fill.fee.text(), fill.quantity.text(), fill.trade_id, fill.maker);
  }
  return {fmt::format(R"({{"trades":{{{}}},"count":{}}})", out, fills.size()), {}};
}

// An account has one tier for all pairs.
RestAnswer SpotRest::trade_volume(const Caller& caller, const CallParameters& parameters) const {
  const AccountTerms& terms = engine_.terms(caller.account);
  const std::string_view asked = parameters.get("pair");
  if (asked.empty()) return {R"({"currency":"ZUSD","volume":"0.0000","fees":null,"fees_maker":null})", {}};
  std::string fees;
  std::string maker;
  for (std::string_view rest = asked; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    const PairTerms* const pair = find_by_rest_name(watch_.instruments(), name);
    if (pair == nullptr) return refused("EQuery:Unknown asset pair");
    const auto entry = [&](const Decimal& percent) {
      const std::string text = percent.rescaled(4).value_or(percent).text();
      return fmt::format(
          R"({}:{{"fee":"{}","minfee":"{}","maxfee":"{}","nextfee":null,"nextvolume":null,"tiervolume":"0.0000"}})",
          quoted(answer_key(*pair, name, false)), text, text, text);
    };
    if (!fees.empty()) fees += ',';
    if (!maker.empty()) maker += ',';
    fees += entry(terms.taker_percent);
    maker += entry(terms.maker_percent);
  }
  return {fmt::format(R"({{"currency":"ZUSD","volume":"0.0000","fees":{{{}}},"fees_maker":{{{}}}}})", fees, maker), {}};
}

}  // namespace ktape::hosts
