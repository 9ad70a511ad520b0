#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/base/time_scale.hpp"
#include "core/protocol/codec.hpp"

namespace ktape::cli {

// "BTC/USD,ETH/USD" -> the parts; empty ones are left out.
std::vector<std::string> split_list(std::string_view text);

// "1,5,60" -> minutes; each must be one of Kraken's intervals.
Result<std::vector<Duration>> parse_intervals(std::string_view text);

// What to subscribe to, as given on the command line.
struct FeedArguments {
  std::string symbols;
  std::string channels = "instrument,ticker,book,trade,ohlc";
  int depth = 10;
  int ohlc_interval = 1;
};

// One subscription per channel, with all symbols, in the order of the channels named. Refuses what Kraken would.
Result<std::vector<Subscription>> subscriptions(const FeedArguments& arguments);

// The error, with the option whose value it is about.
Error in_option(std::string_view option, Error error);

// A time span on the command line; an absent one is nothing. `option` is named in the error.
Result<std::optional<Duration>> parse_optional_duration(std::string_view option, const std::string& text);

}  // namespace ktape::cli
