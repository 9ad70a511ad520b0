#include "core/protocol/spot_v1/subscription_rules.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/protocol/spot_v1/symbol_names.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"

namespace ktape::spot_v1 {
namespace {

constexpr std::array kChannels{Channel::Book,  Channel::Ohlc,      Channel::Spread,    Channel::Ticker,
                               Channel::Trade, Channel::OwnTrades, Channel::OpenOrders};

template <class List, class Value>
bool contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

Result<void> validate_symbol(std::string_view symbol) {
  if (!spot_v2::has_symbol_form(symbol)) {
    return fail(Errc::InvalidArgument,
                fmt::format("symbol '{}' is not in the form BASE/QUOTE, such as BTC/USD", symbol.substr(0, 64)));
  }
  if (const auto modern = spot_v2::modern_symbol(symbol); modern != symbol) {
    return fail(Errc::InvalidArgument,
                fmt::format("symbol '{}' is a name of v1's wire only: here it is '{}', also in v1", symbol, modern));
  }
  return {};
}

}  // namespace

bool is_book_depth(std::int64_t depth) { return contains(kBookDepths, depth); }
bool is_ohlc_interval(std::int64_t minutes) { return contains(kOhlcIntervals, minutes); }

std::optional<Channel> channel_named(std::string_view name) {
  for (const Channel channel : kChannels) {
    if (to_string(channel) == name) return channel;
  }
  return std::nullopt;
}

Result<void> validate(const Subscription& subscription) {
  const auto channel = to_string(subscription.channel);
  if (!contains(kChannels, subscription.channel)) {
    return fail(Errc::Unsupported, fmt::format("Spot v1 has no channel '{}': it has book, ohlc, spread, ticker, trade, "
                                               "ownTrades and openOrders",
                                               channel));
  }
  if (is_private(subscription.channel)) {
    if (subscription.symbols.empty()) return {};
    return fail(Errc::InvalidArgument,
                fmt::format("channel {} takes no symbols, but '{}' is given", channel, subscription.symbols.front()));
  }
  if (subscription.symbols.empty()) {
    return fail(Errc::InvalidArgument, fmt::format("channel {} needs at least one symbol, such as BTC/USD", channel));
  }
  for (const auto& symbol : subscription.symbols) {
    if (auto valid = validate_symbol(symbol); !valid) return valid;
  }
  if (subscription.channel == Channel::Book && !is_book_depth(subscription.depth)) {
    return fail(Errc::InvalidArgument,
                fmt::format("book depth {} is not one of {}", subscription.depth, fmt::join(kBookDepths, ", ")));
  }
  if (subscription.channel == Channel::Ohlc && !is_ohlc_interval(subscription.interval_minutes)) {
    return fail(Errc::InvalidArgument, fmt::format("ohlc interval {} is not one of {} minutes",
                                                   subscription.interval_minutes, fmt::join(kOhlcIntervals, ", ")));
  }
  return {};
}

}  // namespace ktape::spot_v1
