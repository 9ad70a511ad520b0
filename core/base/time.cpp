#include "core/base/time.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads exactly `count` digits at `at`; -1 if there are not that many.
int fixed_digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (!is_digit(c)) return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

struct Unit {
  std::string_view name;
  std::int64_t length;
};
// Longest name first where one begins another, so that "ms" is not read as minutes.
constexpr std::array kUnits{Unit{"ns", 1},
                            Unit{"us", 1'000},
                            Unit{"ms", 1'000'000},
                            Unit{"s", 1'000'000'000},
                            Unit{"m", 60'000'000'000},
                            Unit{"h", 3'600'000'000'000},
                            Unit{"d", 86'400'000'000'000}};

}  // namespace

Result<Timestamp> parse_rfc3339(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(Errc::Parse, fmt::format("not a UTC timestamp ({}): '{}'", why, text.substr(0, 64)));
  };
  const int year = fixed_digits(text, 0, 4);
  const int month = fixed_digits(text, 5, 2);
  const int day = fixed_digits(text, 8, 2);
  const int hour = fixed_digits(text, 11, 2);
  const int minute = fixed_digits(text, 14, 2);
  const int second = fixed_digits(text, 17, 2);
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0)
    return bad("YYYY-MM-DDThh:mm:ss expected");
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') {
    return bad("YYYY-MM-DDThh:mm:ss expected");
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return bad("no such date or time of day");
  if (year < 1678 || year > 2261) return bad("year outside 1678 to 2261");

  std::size_t at = 19;
  std::int64_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    std::size_t digits = 0;
    for (; at < text.size() && is_digit(text[at]) && digits < 9; ++at, ++digits) {
      fraction = fraction * 10 + (text[at] - '0');
    }
    if (digits == 0 || (at < text.size() && is_digit(text[at]))) return bad("1 to 9 fraction digits expected");
    for (; digits < 9; ++digits) fraction *= 10;
  }
  if (text.substr(at) != "Z" && text.substr(at) != "z") return bad("it must end with Z");

  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second} + Duration{fraction};
}

void append_rfc3339(std::string& out, Timestamp at, int fraction_digits) {
  KTAPE_ASSERT(fraction_digits >= 0 && fraction_digits <= 9, "fraction digits out of range");
  // In seconds: the first day of the range begins before the range does, so in nanoseconds it has no number.
  const auto second = std::chrono::floor<std::chrono::seconds>(at);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{second - day};
  const Duration fraction =
      (at.time_since_epoch() % std::chrono::seconds(1) + std::chrono::seconds(1)) % std::chrono::seconds(1);

  std::array<char, 30> buffer{};
  const auto put = [&buffer](std::size_t place, std::size_t width, std::int64_t value) {
    for (std::size_t i = width; i-- > 0; value /= 10) buffer[place + i] = static_cast<char>('0' + value % 10);
  };
  put(0, 4, static_cast<int>(date.year()));
  buffer[4] = '-';
  put(5, 2, static_cast<unsigned>(date.month()));
  buffer[7] = '-';
  put(8, 2, static_cast<unsigned>(date.day()));
  buffer[10] = 'T';
  put(11, 2, time.hours().count());
  buffer[13] = ':';
  put(14, 2, time.minutes().count());
  buffer[16] = ':';
  put(17, 2, time.seconds().count());
  buffer[19] = '.';
  put(20, 9, fraction.count());
  out.append(buffer.data(), fraction_digits == 0 ? 19U : 20U + static_cast<std::size_t>(fraction_digits));
  out.push_back('Z');
}

std::string format_rfc3339(Timestamp at, int fraction_digits) {
  std::string out;
  append_rfc3339(out, at, fraction_digits);
  return out;
}

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(Errc::Parse,
                fmt::format("not a duration such as 1.5s, 250ms or 1m30s ({}): '{}'", why, text.substr(0, 64)));
  };
  if (text.empty()) return bad("it is empty");
  std::int64_t total = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::int64_t whole = 0;
    std::int64_t fraction = 0;
    std::int64_t fraction_unit = 1;
    const std::size_t start = at;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (whole > 1'000'000'000'000'000'000 / 10) return bad("too long");
      whole = whole * 10 + (text[at] - '0');
    }
    if (at == start) return bad("a digit expected");
    if (at < text.size() && text[at] == '.') {
      const std::size_t point = at++;
      for (; at < text.size() && is_digit(text[at]); ++at) {
        if (at - point > 9) return bad("too many fraction digits");
        fraction = fraction * 10 + (text[at] - '0');
        fraction_unit *= 10;
      }
      if (at == point + 1) return bad("a digit expected after the point");
    }
    const auto rest = text.substr(at);
    const auto* const unit =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return rest.starts_with(u.name); });
    if (unit == kUnits.end()) return bad("unit expected: ns, us, ms, s, m, h or d");
    at += unit->name.size();

    __extension__ using Wide = __int128;
    const Wide length =
        static_cast<Wide>(whole) * unit->length + static_cast<Wide>(fraction) * unit->length / fraction_unit;
    if (length + total > std::numeric_limits<std::int64_t>::max()) return bad("too long");
    total += static_cast<std::int64_t>(length);
  }
  return Duration{total};
}

std::string format_duration(Duration span) {
  if (span.count() == 0) return "0s";
  std::string out;
  // Unsigned: the lowest duration has no positive counterpart.
  auto left = static_cast<std::uint64_t>(span.count());
  if (span.count() < 0) {
    out = "-";
    left = 0 - left;
  }
  for (auto unit = kUnits.rbegin(); unit != kUnits.rend(); ++unit) {
    const auto length = static_cast<std::uint64_t>(unit->length);
    if (left >= length) fmt::format_to(std::back_inserter(out), "{}{}", left / length, unit->name);
    left %= length;
  }
  return out;
}

}  // namespace ktape
