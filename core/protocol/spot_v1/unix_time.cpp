#include "core/protocol/spot_v1/unix_time.hpp"

#include <fmt/format.h>

#include "core/base/decimal.hpp"

namespace ktape::spot_v1 {
namespace {

constexpr int kNanosecondPlaces = 9;
constexpr Timestamp kEnd = std::chrono::sys_days{std::chrono::year{2262} / 1 / 1};
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

}  // namespace

Result<Timestamp> parse_unix_seconds(std::string_view text) {
  const auto seconds = Decimal::parse(text);
  const auto exact = seconds ? seconds->rescaled(kNanosecondPlaces) : std::nullopt;
  if (!exact || exact->coefficient() < 0 || exact->coefficient() >= nanoseconds(kEnd)) {
    return fail(Errc::Parse,
                fmt::format("not unix seconds of 1970 to 2261 with at most 9 decimals: '{}'", text.substr(0, 64)));
  }
  return from_nanoseconds(static_cast<std::int64_t>(exact->coefficient()));
}

void append_unix_seconds(std::string& out, Timestamp at) {
  const std::int64_t count = nanoseconds(at);
  if (count % 1000 == 0) {
    Decimal::from_units(count / 1000, kNanosecondPlaces - 3).append_to(out);
  } else {
    Decimal::from_units(count, kNanosecondPlaces).append_to(out);
  }
}

std::string shortest_unix_seconds(Timestamp at) {
  std::string text =
      fmt::format("{}.{:09}", nanoseconds(at) / kNanosecondsPerSecond, nanoseconds(at) % kNanosecondsPerSecond);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace ktape::spot_v1
