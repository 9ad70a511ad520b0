#include "core/protocol/spot_v2/subscription_rules.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ktape::spot_v2 {
namespace {

template <class List, class Value>
bool contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::string_view modern_name(std::string_view name) {
  if (name == "XBT") return "BTC";
  if (name == "XDG") return "DOGE";
  return name;
}

bool is_asset_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace

bool is_book_depth(std::int64_t depth) { return contains(kBookDepths, depth); }
bool is_level3_depth(std::int64_t depth) { return contains(kLevel3Depths, depth); }
bool is_ohlc_interval(std::int64_t minutes) { return contains(kOhlcIntervals, minutes); }
bool is_event_trigger(std::string_view trigger) { return contains(kEventTriggers, trigger); }

bool needs_token(Channel channel) {
  return channel == Channel::Level3 || channel == Channel::Executions || channel == Channel::Balances;
}

std::string modern_symbol(std::string_view symbol) {
  const auto slash = symbol.find('/');
  if (slash == std::string_view::npos) return std::string(symbol);
  const auto suffix = std::min(symbol.find(':', slash), symbol.size());
  return fmt::format("{}/{}{}", modern_name(symbol.substr(0, slash)),
                     modern_name(symbol.substr(slash + 1, suffix - slash - 1)), symbol.substr(suffix));
}

bool has_symbol_form(std::string_view symbol) {
  const auto slash = symbol.find('/');
  if (slash == std::string_view::npos) return false;
  const auto quote = symbol.substr(slash + 1);
  const auto colon = quote.find(':');
  return is_asset_name(symbol.substr(0, slash)) && is_asset_name(quote.substr(0, colon)) &&
         (colon == std::string_view::npos || is_asset_name(quote.substr(colon + 1)));
}

Result<void> validate_symbol(std::string_view symbol) {
  if (!has_symbol_form(symbol)) {
    return fail(Errc::InvalidArgument,
                fmt::format("symbol '{}' is not in the form BASE/QUOTE, such as BTC/USD", symbol.substr(0, 64)));
  }
  if (const auto modern = modern_symbol(symbol); modern != symbol) {
    return fail(Errc::InvalidArgument,
                fmt::format("symbol '{}' is a name of the v1 dialect: v2 calls it '{}'", symbol, modern));
  }
  return {};
}

Result<void> validate(const Subscription& subscription) {
  const auto channel = to_string(subscription.channel);
  switch (subscription.channel) {
    case Channel::Book:
    case Channel::Trade:
    case Channel::Ticker:
    case Channel::Ohlc:
    case Channel::Instrument:
    case Channel::Level3:
    case Channel::Executions:
    case Channel::Balances:
      break;
    default:
      return fail(Errc::Unsupported, fmt::format("Spot v2 has no channel '{}'", channel));
  }
  if (subscription.channel == Channel::Instrument || is_private(subscription.channel)) {
    if (subscription.symbols.empty()) return {};
    return fail(Errc::InvalidArgument, fmt::format("channel {} takes no symbols, but '{}' is given", channel,
                                                   subscription.symbols.front().substr(0, 64)));
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
  if (subscription.channel == Channel::Level3 && !is_level3_depth(subscription.depth)) {
    return fail(Errc::InvalidArgument,
                fmt::format("level3 depth {} is not one of {}", subscription.depth, fmt::join(kLevel3Depths, ", ")));
  }
  if (subscription.channel == Channel::Ohlc && !is_ohlc_interval(subscription.interval_minutes)) {
    return fail(Errc::InvalidArgument, fmt::format("ohlc interval {} is not one of {} minutes",
                                                   subscription.interval_minutes, fmt::join(kOhlcIntervals, ", ")));
  }
  if (subscription.channel == Channel::Ticker && !is_event_trigger(subscription.event_trigger)) {
    return fail(Errc::InvalidArgument,
                fmt::format("ticker event_trigger '{}' is not one of {}", subscription.event_trigger.substr(0, 64),
                            fmt::join(kEventTriggers, ", ")));
  }
  return {};
}

}  // namespace ktape::spot_v2
