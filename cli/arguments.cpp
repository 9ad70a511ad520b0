#include "cli/arguments.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/protocol/spot_v2/subscription_rules.hpp"

namespace ktape::cli {
namespace {

constexpr std::array kChannels{Channel::Instrument, Channel::Ticker, Channel::Book, Channel::Trade, Channel::Ohlc};

std::optional<std::uint32_t> whole_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

Result<std::vector<Duration>> parse_intervals(std::string_view text) {
  std::vector<Duration> intervals;
  for (const std::string& part : split_list(text)) {
    const auto minutes = whole_number(part);
    if (!minutes || !spot_v2::is_ohlc_interval(*minutes)) {
      return fail(Errc::InvalidArgument, fmt::format("'{}' is no candle interval: one of {} minutes expected", part,
                                                     fmt::join(spot_v2::kOhlcIntervals, ", ")));
    }
    intervals.emplace_back(std::chrono::minutes(*minutes));
  }
  return intervals;
}

Result<std::vector<Subscription>> subscriptions(const FeedArguments& arguments) {
  std::vector<Subscription> all;
  const std::vector<std::string> symbols = split_list(arguments.symbols);
  for (const std::string& name : split_list(arguments.channels)) {
    const auto* const channel =
        std::find_if(kChannels.begin(), kChannels.end(), [&](Channel c) { return to_string(c) == name; });
    if (channel == kChannels.end()) {
      return fail(Errc::InvalidArgument,
                  fmt::format("'{}' is no channel: instrument, ticker, book, trade or ohlc expected", name));
    }
    Subscription one{
        .channel = *channel, .symbols = {}, .depth = arguments.depth, .interval_minutes = arguments.ohlc_interval};
    if (*channel != Channel::Instrument) {
      if (symbols.empty()) {
        return fail(Errc::InvalidArgument, fmt::format("--symbols is needed for the channel {}", name));
      }
      one.symbols = symbols;
    }
    if (auto valid = spot_v2::validate(one); !valid) return tl::unexpected<Error>(valid.error());
    all.push_back(std::move(one));
  }
  if (all.empty()) return fail(Errc::InvalidArgument, "--channels names no channel");
  return all;
}

Error in_option(std::string_view option, Error error) {
  return {Errc::InvalidArgument, fmt::format("{}: {}", option, error.detail)};
}

Result<std::optional<Duration>> parse_optional_duration(std::string_view option, const std::string& text) {
  if (text.empty()) return std::optional<Duration>{};
  const auto span = parse_duration(text);
  if (!span) return tl::unexpected(in_option(option, span.error()));
  return std::optional(*span);
}

}  // namespace ktape::cli
