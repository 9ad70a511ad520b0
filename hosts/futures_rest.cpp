#include "hosts/futures_rest.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/json_text.hpp"
#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/json_tape.hpp"
#include "exchange/money.hpp"
#include "hosts/futures_rest_account.hpp"

namespace ktape::hosts {
namespace {

constexpr std::string_view kRoot = "/derivatives/api/v3/";

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

FuturesAnswer refused(std::string error) { return {{}, std::move(error)}; }
FuturesAnswer unknown_product() { return refused("contractNotFound"); }
FuturesAnswer no_page() { return {{}, "notFound", 404}; }

// The members of a ticker message as they stand in it: numbers keep their digits.
class TickerFields {
 public:
  explicit TickerFields(std::string_view text) {
    JsonTape tape;
    if (!tape.parse(text) || tape.root().kind != JsonKind::Object) return;
    for_each_member(tape.root(), [this](std::string_view name, const JsonNode& value) {
      std::string& out = values_[std::string(name)];
      switch (value.kind) {
        case JsonKind::True:
          out = "true";
          break;
        case JsonKind::False:
          out = "false";
          break;
        case JsonKind::String:
          out = quoted(value.text());
          break;
        case JsonKind::Number:
          out = value.text();
          break;
        default:
          values_.erase(std::string(name));
      }
    });
  }

  // Empty if it is not there.
  std::string_view get(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string_view() : std::string_view(found->second);
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

std::string without_zeros(const Decimal& value) { return money::trimmed(value).text(); }

// XBT of XBTUSD; products are named by it and the dollar (futures-v1 section 2).
std::pair<std::string, std::string> assets_of(const FuturesProduct& product) {
  const std::string_view name = product.underlying();
  const auto cut = name.size() > 3 ? name.size() - 3 : name.size();
  std::string base(name.substr(0, cut));
  if (base == "XBT") base = "BTC";
  return {base, std::string(name.substr(cut))};
}

std::string instrument_text(const FuturesProduct& product) {
  const TickerFields fields(product.ticker);
  const auto [base, quote] = assets_of(product);
  const std::string_view pair = fields.get("pair");
  std::string out = fmt::format(R"({{"symbol":{},"type":"{}")", quoted(product.id), product.type());
  if (const std::string settled = product.last_trading_time(); !settled.empty()) {
    out += fmt::format(R"(,"lastTradingTime":"{}")", settled);
  }
  const bool suspended = fields.get("suspended") == "true";
  out += fmt::format(
      R"(,"tradeable":{},"base":{},"quote":{},"pair":{})", suspended ? "false" : "true", quoted(base), quoted(quote),
      pair.empty() ? quoted(fmt::format(
                         "{}:{}", product.underlying().substr(0, product.underlying().size() - quote.size()), quote))
                   : std::string(pair));
  if (!product.price_step.is_zero()) out += fmt::format(R"(,"tickSize":{})", without_zeros(product.price_step));
  out += fmt::format(R"(,"contractSize":1,"contractValueTradePrecision":{},"postOnly":{})", product.quantity_places,
                     fields.get("post_only") == "true" ? "true" : "false");
  if (const Decimal leverage = product.leverage; !leverage.is_zero()) {
    constexpr int kPlaces = 6;
    const auto one = Decimal::from_units(1, 0);
    const auto twice = money::sum(leverage, leverage);
    const auto initial = money::quotient(one, leverage, kPlaces);
    const auto maintenance = twice ? money::quotient(one, *twice, kPlaces) : std::nullopt;
    if (initial && maintenance) {
      out += fmt::format(R"(,"marginLevels":[{{"contracts":0,"initialMargin":{},"maintenanceMargin":{}}}])",
                         without_zeros(*initial), without_zeros(*maintenance));
    }
  }
  const std::string_view tag = fields.get("tag");
  return out + fmt::format(R"(,"tags":[{}]}})", tag);
}

net::HttpResponse envelope(const FuturesAnswer& answer, Timestamp now) {
  net::HttpResponse response;
  response.status = answer.status;
  response.headers = {{"Content-Type", "application/json"}};
  const std::string time = format_rfc3339(now, 3);
  response.body = answer.error.empty()
                      ? fmt::format(R"({{"result":"success",{}{}"serverTime":"{}"}})", answer.members,
                                    answer.members.empty() ? "" : ",", time)
                      : fmt::format(R"({{"result":"error","error":{},"serverTime":"{}"}})", quoted(answer.error), time);
  return response;
}

}  // namespace

std::optional<net::HttpResponse> FuturesRest::answer(const net::HttpRequest& request) const {
  std::string_view path = request.target;
  path = path.substr(0, path.find('?'));
  if (!path.starts_with(kRoot)) return std::nullopt;
  path.remove_prefix(kRoot.size());
  const CallParameters parameters = CallParameters::of(request);
  if (accounts_ != nullptr && FuturesRestAccount::has(path)) {
    return envelope(accounts_->answer(path, request, parameters), clock_.now());
  }
  return envelope(answer_public(path, parameters), clock_.now());
}

FuturesAnswer FuturesRest::answer_public(std::string_view path, const CallParameters& parameters) const {
  constexpr std::string_view kInstrument = "instruments/";
  constexpr std::string_view kStatus = "/status";
  constexpr std::string_view kTicker = "tickers/";
  if (path == "instruments") return instruments();
  if (path == "instruments/status") return statuses();
  if (path == "tickers") return tickers();
  if (path == "orderbook") return order_book(parameters);
  if (path == "history") return history(parameters);
  if (path.starts_with(kTicker)) return ticker(path.substr(kTicker.size()));
  if (path.starts_with(kInstrument) && path.ends_with(kStatus) && path.size() > kInstrument.size() + kStatus.size()) {
    path.remove_prefix(kInstrument.size());
    path.remove_suffix(kStatus.size());
    return status(path);
  }
  return no_page();
}

FuturesAnswer FuturesRest::instruments() const {
  std::vector<std::string> all;
  for (const auto& [id, product] : market_.products().all()) all.push_back(instrument_text(product));
  return {fmt::format(R"("instruments":[{}])", fmt::join(all, ",")), {}};
}

FuturesAnswer FuturesRest::statuses() const {
  std::vector<std::string> all;
  for (const auto& [id, product] : market_.products().all()) {
    const FuturesAnswer one = status(id);
    all.push_back(fmt::format("{{{}}}", one.members));
  }
  return {fmt::format(R"("instrumentStatus":[{}])", fmt::join(all, ",")), {}};
}

// No recording tells of dislocations or of extreme volatility.
FuturesAnswer FuturesRest::status(std::string_view symbol) const {
  const FuturesProduct* const product = market_.products().find(futures::canonical_product(symbol));
  if (product == nullptr) return unknown_product();
  return {fmt::format(R"("tradeable":{},"experiencingDislocation":false,"priceDislocationDirection":null,)"
                      R"("experiencingExtremeVolatility":false,"extremeVolatilityInitialMarginMultiplier":1)",
                      quoted(product->id)),
          {}};
}

// What the websocket calls otherwise, under REST's names and in its order; what was not told is left out.
std::string FuturesRest::ticker_text(const FuturesProduct& product) const {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kBefore{{
      {"tag", "tag"},
      {"pair", "pair"},
      {"symbol", "product_id"},
      {"markPrice", "markPrice"},
      {"bid", "bid"},
      {"bidSize", "bid_size"},
      {"ask", "ask"},
      {"askSize", "ask_size"},
      {"vol24h", "volume"},
      {"volumeQuote", "volumeQuote"},
      {"openInterest", "openInterest"},
      {"open24h", "open"},
      {"high24h", "high"},
      {"low24h", "low"},
      {"last", "last"},
  }};
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kBehind{{
      {"suspended", "suspended"},
      {"fundingRate", "funding_rate"},
      {"fundingRatePrediction", "funding_rate_prediction"},
      {"indexPrice", "index"},
      {"postOnly", "post_only"},
      {"change24h", "change"},
  }};
  const TickerFields fields(product.ticker);
  std::vector<std::string> members;
  const auto add = [&](const auto& names) {
    for (const auto& [name, told] : names) {
      if (const auto value = fields.get(told); !value.empty())
        members.push_back(fmt::format(R"("{}":{})", name, value));
    }
  };
  add(kBefore);
  if (const auto* trades = market_.trades(product.id); trades != nullptr && !trades->empty()) {
    members.push_back(fmt::format(R"("lastTime":"{}")", format_rfc3339(trades->back().exchange_time, 3)));
    members.push_back(fmt::format(R"("lastSize":{})", trades->back().quantity.text()));
  }
  add(kBehind);
  return fmt::format("{{{}}}", fmt::join(members, ","));
}

// Only what the present knows: the tickers that instruments are made of may be of later.
FuturesAnswer FuturesRest::tickers() const {
  std::vector<std::string> all;
  for (const auto& [id, product] : market_.products().all()) {
    if (market_.ticker(id) != nullptr) all.push_back(ticker_text(product));
  }
  return {fmt::format(R"("tickers":[{}])", fmt::join(all, ",")), {}};
}

FuturesAnswer FuturesRest::ticker(std::string_view symbol) const {
  const FuturesProduct* const product = market_.products().find(futures::canonical_product(symbol));
  if (product == nullptr || market_.ticker(product->id) == nullptr) return unknown_product();
  return {fmt::format(R"("ticker":{})", ticker_text(*product)), {}};
}

FuturesAnswer FuturesRest::order_book(const CallParameters& parameters) const {
  if (!parameters.has("symbol")) return refused("requiredArgumentMissing");
  const FuturesProduct* const product = market_.products().find(futures::canonical_product(parameters.get("symbol")));
  if (product == nullptr) return unknown_product();
  if (!market_.has_book(product->id)) return refused("marketUnavailable");
  const auto side = [&](Side which) {
    std::string rows;
    for (const Level& level : market_.levels(product->id, which)) {
      rows += fmt::format("{}[{},{}]", rows.empty() ? "" : ",", level.price.text(), level.quantity.text());
    }
    return rows;
  };
  return {fmt::format(R"("orderBook":{{"bids":[{}],"asks":[{}]}})", side(Side::Buy), side(Side::Sell)), {}};
}

// Newest first, at most a hundred, those of `lastTime` and before.
FuturesAnswer FuturesRest::history(const CallParameters& parameters) const {
  constexpr std::size_t kMostRows = 100;
  if (!parameters.has("symbol")) return refused("requiredArgumentMissing");
  const FuturesProduct* const product = market_.products().find(futures::canonical_product(parameters.get("symbol")));
  if (product == nullptr) return unknown_product();
  auto until = Timestamp::max();
  if (parameters.has("lastTime")) {
    const auto given = parse_rfc3339(parameters.get("lastTime"));
    if (!given) return refused("invalidArgument: lastTime");
    until = *given;
  }
  std::vector<std::string> rows;
  if (const auto* trades = market_.trades(product->id)) {
    for (auto trade = trades->rbegin(); trade != trades->rend() && rows.size() < kMostRows; ++trade) {
      if (trade->exchange_time > until) continue;
      rows.push_back(fmt::format(R"({{"time":"{}","trade_id":{},"price":{},"size":{},"side":"{}","type":{},"uid":{}}})",
                                 format_rfc3339(trade->exchange_time, 3), trade->trade_id, trade->price.text(),
                                 trade->quantity.text(), trade->side == Side::Buy ? "buy" : "sell", quoted(trade->kind),
                                 quoted(trade->uid)));
    }
  }
  return {fmt::format(R"("history":[{}])", fmt::join(rows, ",")), {}};
}

}  // namespace ktape::hosts
