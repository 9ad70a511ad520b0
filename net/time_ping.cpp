#include "net/time_ping.hpp"

#include <charconv>

#include <fmt/format.h>

namespace ktape::net {
namespace {

constexpr std::string_view kPrefix = "ktape-time=";

}  // namespace

std::string time_ping(Timestamp at) { return fmt::format("{}{}", kPrefix, nanoseconds(at)); }

std::optional<Timestamp> parse_time_ping(std::string_view payload) {
  if (!payload.starts_with(kPrefix)) return std::nullopt;
  payload.remove_prefix(kPrefix.size());
  std::int64_t since_epoch = 0;
  const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), since_epoch);
  if (error != std::errc{} || end != payload.data() + payload.size()) return std::nullopt;
  return from_nanoseconds(since_epoch);
}

}  // namespace ktape::net
