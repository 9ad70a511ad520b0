#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "exchange/money.hpp"
#include "hosts/rest_names.hpp"
#include "hosts/spot_rest.hpp"

namespace ktape::hosts {
namespace {

constexpr int kRestPricePlaces = 5;  // of Trades and Depth, also where the pair has fewer
constexpr int kRestVolumePlaces = 8;
constexpr int kDepthVolumePlaces = 3;
constexpr std::array<int, 9> kIntervals{1, 5, 15, 30, 60, 240, 1440, 10080, 21600};

RestAnswer refused(std::string error) { return {{}, std::move(error)}; }
RestAnswer missing(std::string_view what) {
  return refused(fmt::format("EAPI:Feature disabled:the recording has shown no {} so far", what));
}
RestAnswer unknown_pair() { return refused("EQuery:Unknown asset pair"); }

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// With more places if the value needs them; never rounded.
std::string padded(const Decimal& value, int places) {
  return value.rescaled(std::max(places, value.scale())).value_or(value).text();
}

// Cut to so many places.
std::string cut(const Decimal& value, int places) {
  if (value.scale() <= places) return padded(value, places);
  return Decimal::from_units(value.coefficient() / power_of_ten(value.scale() - places), places).text();
}

// 0.50 is 0.5 and 5.00 is 5: REST does not pad its minimums.
std::string shortest(const Decimal& value) {
  std::string text = value.text();
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::int64_t seconds_of(Timestamp at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (!part.empty()) all.emplace_back(part);
  }
  return all;
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool wants_modern(const CallParameters& parameters) { return parameters.get("assetVersion") == "1"; }

std::string joined(const std::vector<std::string>& members) {
  std::string out = "{";
  for (const std::string& member : members) {
    if (out.size() > 1) out += ',';
    out += member;
  }
  return out + '}';
}

// Kraken's first schedule (rest section 13), for clients that want to see one.
constexpr std::string_view kFees =
    R"("fees":[[0,0.4],[10000,0.35],[50000,0.24],[100000,0.22],[250000,0.2],[500000,0.18],[1000000,0.16],[2500000,0.14],[5000000,0.12],[10000000,0.1]],"fees_maker":[[0,0.25],[10000,0.2],[50000,0.14],[100000,0.12],[250000,0.1],[500000,0.08],[1000000,0.06],[2500000,0.04],[5000000,0.02],[10000000,0]],"fee_volume_currency":"ZUSD","margin_call":80,"margin_stop":40)";

std::string pair_text(const PairTerms& pair, bool modern) {
  const std::string_view status = pair.status == "online" || pair.status == "cancel_only" ||
                                          pair.status == "post_only" || pair.status == "limit_only" ||
                                          pair.status == "reduce_only"
                                      ? std::string_view(pair.status)
                                      : std::string_view("cancel_only");
  const std::string base = modern ? pair.base : rest_asset_id(pair.base);
  const std::string quote = modern ? pair.quote : rest_asset_id(pair.quote);
  std::string out = fmt::format(
      R"({{"altname":{},"wsname":{},"aclass_base":"currency","base":{},"aclass_quote":"currency","quote":{},"execution_venue":"international","lot":"unit","cost_decimals":{},"pair_decimals":{},"lot_decimals":{},"lot_multiplier":1,"leverage_buy":{},"leverage_sell":{},{},"ordermin":"{}","costmin":"{}","tick_size":"{}","status":{})",
      quoted(rest_pair_altname(pair)), quoted(modern ? pair.symbol : rest_wsname(pair)), quoted(base), quoted(quote),
      pair.cost_precision, pair.price_precision, pair.quantity_precision, pair.marginable ? "[2,3,4,5]" : "[]",
      pair.marginable ? "[2,3,4,5]" : "[]", kFees, shortest(pair.quantity_min), shortest(pair.cost_min),
      shortest(pair.price_increment), quoted(status));
  if (pair.position_limit_long) out += fmt::format(R"(,"long_position_limit":{})", *pair.position_limit_long);
  if (pair.position_limit_short) out += fmt::format(R"(,"short_position_limit":{})", *pair.position_limit_short);
  return out + '}';
}

std::string asset_text(const AssetTerms& asset) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kStatus{
      {{"depositonly", "deposit_only"},
       {"withdrawalonly", "withdrawal_only"},
       {"fundingtemporarilydisabled", "funding_temporarily_disabled"}}};
  std::string_view status = asset.status;
  for (const auto& [channel, rest] : kStatus) {
    if (status == channel) status = rest;
  }
  std::string out =
      fmt::format(R"({{"aclass":{},"altname":{},"decimals":{},"display_decimals":{})", quoted(asset.asset_class),
                  quoted(rest_altname(asset.id)), asset.precision, asset.precision_display);
  if (asset.collateral_value) out += fmt::format(R"(,"collateral_value":{})", shortest(*asset.collateral_value));
  if (asset.margin_rate) out += fmt::format(R"(,"margin_rate":{})", shortest(*asset.margin_rate));
  return out + fmt::format(R"(,"status":{}}})", quoted(status));
}

// Candles built from the trades that were told, where no ohlc channel was.
std::map<Timestamp, WatchedCandle> from_trades(const std::deque<WatchedTrade>& trades, Duration interval,
                                               int price_places) {
  std::map<Timestamp, WatchedCandle> candles;
  std::map<Timestamp, Decimal> costs;
  for (const WatchedTrade& trade : trades) {
    const Timestamp begin = floor_to(trade.exchange_time, interval);
    const auto [at, added] = candles.try_emplace(begin);
    WatchedCandle& candle = at->second;
    if (added) candle.open = candle.high = candle.low = trade.price;
    candle.high = std::max(candle.high, trade.price);
    candle.low = std::min(candle.low, trade.price);
    candle.close = trade.price;
    candle.volume = money::sum(candle.volume, trade.quantity).value_or(candle.volume);
    if (const auto cost = money::product(trade.price, trade.quantity)) {
      costs[begin] = money::sum(costs[begin], *cost).value_or(costs[begin]);
    }
    ++candle.trades;
  }
  for (auto& [begin, candle] : candles) {
    if (!candle.volume.is_zero()) {
      candle.vwap = money::quotient(costs[begin], candle.volume, price_places).value_or(candle.close);
    }
  }
  return candles;
}

std::string ohlc_row(Timestamp begin, const WatchedCandle& candle, const PairTerms& pair) {
  const int places = pair.price_precision;
  return fmt::format(R"([{},"{}","{}","{}","{}","{}","{}",{}])", seconds_of(begin), padded(candle.open, places),
                     padded(candle.high, places), padded(candle.low, places), padded(candle.close, places),
                     padded(candle.vwap, places), padded(candle.volume, pair.quantity_precision), candle.trades);
}

}  // namespace

RestAnswer SpotRestMarket::server_time() const {
  static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Timestamp now = clock_.now();
  const auto days = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(days);
  const auto weekday = std::chrono::weekday(days).c_encoding();
  const std::string clock = format_rfc3339(now, 0).substr(11, 8);
  return {fmt::format(R"({{"unixtime":{},"rfc1123":"{}, {:02} {} {:02} {} +0000"}})", seconds_of(now), kDays[weekday],
                      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                      static_cast<int>(date.year()) % 100, clock),
          {}};
}

RestAnswer SpotRestMarket::system_status() const {
  return {fmt::format(R"({{"status":{},"timestamp":"{}"}})", quoted(market_.system()), format_rfc3339(clock_.now(), 0)),
          {}};
}

RestAnswer SpotRestMarket::assets(const CallParameters& parameters) const {
  const InstrumentTable& table = market_.instruments();
  if (table.empty()) return missing("instruments");
  const bool modern = wants_modern(parameters);
  std::vector<std::string> members;
  const auto add = [&](const AssetTerms& asset) {
    members.push_back(quoted(modern ? asset.id : rest_asset_id(asset.id)) + ":" + asset_text(asset));
  };
  const auto asked = list_of(parameters.get("asset"));
  for (const std::string& name : asked) {
    const AssetTerms* const asset = find_asset_by_rest_name(table, name);
    if (asset == nullptr) return refused("EQuery:Unknown asset");
    add(*asset);
  }
  if (asked.empty()) {
    for (const auto& [id, asset] : table.assets()) add(asset);
  }
  return {joined(members), {}};
}

RestAnswer SpotRestMarket::asset_pairs(const CallParameters& parameters) const {
  const InstrumentTable& table = market_.instruments();
  if (table.empty()) return missing("instruments");
  const bool modern = wants_modern(parameters);
  std::vector<std::string> members;
  const auto asked = list_of(parameters.get("pair"));
  for (const std::string& name : asked) {
    const PairTerms* const pair = find_by_rest_name(table, name);
    if (pair == nullptr) return unknown_pair();
    members.push_back(quoted(answer_key(*pair, name, modern)) + ":" + pair_text(*pair, modern));
  }
  if (asked.empty()) {
    for (const auto& [symbol, pair] : table.pairs()) {
      members.push_back(quoted(modern ? symbol : rest_pair_id(pair)) + ":" + pair_text(pair, modern));
    }
  }
  return {joined(members), {}};
}

RestAnswer SpotRestMarket::ticker(const CallParameters& parameters) const {
  const InstrumentTable& table = market_.instruments();
  std::vector<std::string> asked = list_of(parameters.get("pair"));
  const bool all = asked.empty();
  if (all) {
    for (const auto& [symbol, pair] : table.pairs()) {
      if (market_.ticker(symbol) != nullptr) asked.push_back(rest_pair_id(pair));
    }
  }
  std::vector<std::string> members;
  for (const std::string& name : asked) {
    const PairTerms* const pair = find_by_rest_name(table, name);
    if (pair == nullptr) return unknown_pair();
    const WatchedTicker* const ticker = market_.ticker(pair->symbol);
    if (ticker == nullptr) return missing("ticker of " + pair->symbol);
    const auto price = [](const Decimal& value) { return padded(value, kRestPricePlaces); };
    const auto volume = [](const Decimal& value) { return padded(value, kRestVolumePlaces); };
    // A websocket's ticker tells the last 24 hours only; today's figures are taken to be the same.
    const Decimal open = money::difference(ticker->last, ticker->change).value_or(ticker->last);
    members.push_back(fmt::format(
        R"({}:{{"a":["{}","{}","{}"],"b":["{}","{}","{}"],"c":["{}","{}"],"v":["{}","{}"],"p":["{}","{}"],"t":[{},{}],"l":["{}","{}"],"h":["{}","{}"],"o":"{}"}})",
        quoted(answer_key(*pair, name, wants_modern(parameters))), price(ticker->ask), cut(ticker->ask_quantity, 0),
        padded(ticker->ask_quantity, 3), price(ticker->bid), cut(ticker->bid_quantity, 0),
        padded(ticker->bid_quantity, 3), price(ticker->last), volume(Decimal()), volume(ticker->volume),
        volume(ticker->volume), price(ticker->vwap), price(ticker->vwap), ticker->trades.value_or(0),
        ticker->trades.value_or(0), price(ticker->low), price(ticker->low), price(ticker->high), price(ticker->high),
        price(open)));
  }
  return {joined(members), {}};
}

RestAnswer SpotRestMarket::ohlc(const CallParameters& parameters) const {
  const std::string_view asked = parameters.get("pair");
  if (asked.empty()) return refused("EGeneral:Invalid arguments");
  const PairTerms* const pair = find_by_rest_name(market_.instruments(), asked);
  if (pair == nullptr) return unknown_pair();
  const int minutes = parameters.has("interval") ? number_of<int>(parameters.get("interval")).value_or(0) : 1;
  if (std::find(kIntervals.begin(), kIntervals.end(), minutes) == kIntervals.end()) {
    return refused("EGeneral:Invalid arguments:interval");
  }
  const auto since = parameters.has("since") ? number_of<std::int64_t>(parameters.get("since")) : std::nullopt;
  if (parameters.has("since") && !since) return refused("EGeneral:Invalid arguments:since");

  const Duration interval = std::chrono::minutes(minutes);
  std::map<Timestamp, WatchedCandle> candles;
  if (const auto* told = market_.candles(pair->symbol, minutes)) {
    candles = *told;
  } else if (const auto* trades = market_.trades(pair->symbol)) {
    candles = from_trades(*trades, interval, pair->price_precision);
  } else {
    return missing(fmt::format("candles or trades of {}", pair->symbol));
  }
  // Intervals without a trade are there, flat at the close before; and so is the one that runs.
  if (!candles.empty()) {
    constexpr std::size_t kRows = 721;
    const Timestamp running = floor_to(clock_.now(), interval);
    if (candles.rbegin()->first < running - static_cast<int>(kRows) * interval) {
      candles = {{running - static_cast<int>(kRows) * interval, candles.rbegin()->second}};
    }
    for (auto at = candles.begin(); at->first < running; ++at) {
      const auto next = std::next(at);
      const Timestamp due = at->first + interval;
      if (next != candles.end() && next->first <= due) continue;
      WatchedCandle flat;
      flat.open = flat.high = flat.low = flat.close = at->second.close;
      candles.emplace(due, flat);
    }
    while (candles.size() > kRows) candles.erase(candles.begin());
  }
  std::string rows;
  std::int64_t last = 0;
  for (const auto& [begin, candle] : candles) {
    if (since && seconds_of(begin) < *since) continue;
    if (!rows.empty()) rows += ',';
    rows += ohlc_row(begin, candle, *pair);
  }
  if (candles.size() > 1) last = seconds_of(std::prev(candles.end(), 2)->first);
  return {
      fmt::format(R"({{{}:[{}],"last":{}}})", quoted(answer_key(*pair, asked, wants_modern(parameters))), rows, last),
      {}};
}

RestAnswer SpotRestMarket::trades(const CallParameters& parameters) const {
  const std::string_view asked = parameters.get("pair");
  if (asked.empty()) return refused("EGeneral:Invalid arguments");
  const PairTerms* const pair = find_by_rest_name(market_.instruments(), asked);
  if (pair == nullptr) return unknown_pair();
  const auto* const trades = market_.trades(pair->symbol);
  if (trades == nullptr) return missing("trades of " + pair->symbol);
  constexpr std::size_t kMostRows = 1000;
  const std::size_t count =
      parameters.has("count") ? number_of<std::size_t>(parameters.get("count")).value_or(0) : kMostRows;
  if (count == 0 || count > kMostRows) return refused("EGeneral:Invalid arguments:count");
  std::size_t first = trades->size() > count ? trades->size() - count : 0;
  std::int64_t since = 0;
  if (parameters.has("since")) {
    const auto given = number_of<std::int64_t>(parameters.get("since"));
    if (!given || *given < 0) return refused("EGeneral:Invalid arguments:since");
    // Seconds or nanoseconds: the magnitude decides.
    constexpr std::int64_t kFirstNanoseconds = 1'000'000'000'000;
    since = *given >= kFirstNanoseconds ? *given : *given * 1'000'000'000;
    first = static_cast<std::size_t>(std::upper_bound(trades->begin(), trades->end(), since,
                                                      [](std::int64_t at, const WatchedTrade& trade) {
                                                        return at < nanoseconds(trade.exchange_time);
                                                      }) -
                                     trades->begin());
  }
  std::string rows;
  std::int64_t last = since;
  for (std::size_t i = first; i < trades->size() && i < first + count; ++i) {
    const WatchedTrade& trade = (*trades)[i];
    const std::int64_t at = nanoseconds(trade.exchange_time);
    if (!rows.empty()) rows += ',';
    rows += fmt::format(R"(["{}","{}",{}.{:07},"{}","{}","",{}])", padded(trade.price, kRestPricePlaces),
                        padded(trade.quantity, kRestVolumePlaces), at / 1'000'000'000, at % 1'000'000'000 / 100,
                        trade.side == Side::Buy ? 'b' : 's', trade.order_type == OrderType::Market ? 'm' : 'l',
                        trade.trade_id);
    last = at;
  }
  return {
      fmt::format(R"({{{}:[{}],"last":"{}"}})", quoted(answer_key(*pair, asked, wants_modern(parameters))), rows, last),
      {}};
}

RestAnswer SpotRestMarket::depth(const CallParameters& parameters) const {
  const std::string_view asked = parameters.get("pair");
  if (asked.empty()) return refused("EGeneral:Invalid arguments");
  const PairTerms* const pair = find_by_rest_name(market_.instruments(), asked);
  if (pair == nullptr) return unknown_pair();
  if (!market_.has_book(pair->symbol)) return missing("valid book of " + pair->symbol);
  constexpr std::size_t kMostLevels = 500;
  const std::size_t count = parameters.has("count") ? number_of<std::size_t>(parameters.get("count")).value_or(0) : 100;
  if (count == 0 || count > kMostLevels) return refused("EGeneral:Invalid arguments:count");
  const std::int64_t at = seconds_of(clock_.now());
  const auto side = [&](Side which) {
    std::string rows;
    const auto levels = market_.levels(pair->symbol, which);
    for (std::size_t i = 0; i < std::min(levels.size(), count); ++i) {
      if (i > 0) rows += ',';
      rows += fmt::format(R"(["{}","{}",{}])", padded(levels[i].price, kRestPricePlaces),
                          cut(levels[i].quantity, kDepthVolumePlaces), at);
    }
    return rows;
  };
  return {fmt::format(R"({{{}:{{"asks":[{}],"bids":[{}]}}}})",
                      quoted(answer_key(*pair, asked, wants_modern(parameters))), side(Side::Sell), side(Side::Buy)),
          {}};
}

// `since` is inclusive, and so is `last` when it is sent back: rows of that second are told again.
RestAnswer SpotRestMarket::spread(const CallParameters& parameters) const {
  const std::string_view asked = parameters.get("pair");
  if (asked.empty()) return refused("EGeneral:Invalid arguments");
  const PairTerms* const pair = find_by_rest_name(market_.instruments(), asked);
  if (pair == nullptr) return unknown_pair();
  const auto since = parameters.has("since") ? number_of<std::int64_t>(parameters.get("since")) : std::nullopt;
  if (parameters.has("since") && !since) return refused("EGeneral:Invalid arguments:since");
  const auto* const spreads = market_.spreads(pair->symbol);
  if (spreads == nullptr) return missing("best prices of " + pair->symbol);
  std::string rows;
  for (const WatchedSpread& spread : *spreads) {
    if (since && seconds_of(spread.at) < *since) continue;
    if (!rows.empty()) rows += ',';
    rows += fmt::format(R"([{},"{}","{}"])", seconds_of(spread.at), padded(spread.bid, kRestPricePlaces),
                        padded(spread.ask, kRestPricePlaces));
  }
  return {fmt::format(R"({{{}:[{}],"last":{}}})", quoted(answer_key(*pair, asked, wants_modern(parameters))), rows,
                      seconds_of(spreads->back().at)),
          {}};
}

}  // namespace ktape::hosts
