#include "core/protocol/time_shift.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace ktape {
namespace {

using Kind = JsonPlace::Kind;

// Seconds of ten digits: the years 2001 to 2286.
constexpr std::int64_t kFirst = 1'000'000'000;
constexpr std::int64_t kBehind = 10'000'000'000;
constexpr std::size_t kSecondDigits = 10;
constexpr std::size_t kMillisecondDigits = 13;

// What clients name their orders by may look like anything.
constexpr std::array<std::string_view, 3> kTheirs{"cl_ord_id", "cli_ord_id", "userref"};
// Of orders and fills of Spot v1 (spot-v1 section 6), in seconds.
constexpr std::array<std::string_view, 6> kSpotV1Times{"time",     "opentm",  "starttm",
                                                       "expiretm", "closetm", "lastupdated"};
// Of Futures (futures-v1), in milliseconds.
constexpr std::array<std::string_view, 8> kFuturesTimes{
    "time",         "timestamp",      "last_update_time", "lastUpdateTime", "next_funding_rate_time",
    "maturityTime", "effective_time", "serverTime"};

bool among(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<std::int64_t> number_in(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool plain = !digits.empty() && digits.front() != '-' && digits.front() != '+';
  if (!plain || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// The same instant so many seconds later; nothing if either is no time.
std::optional<std::int64_t> moved_seconds(std::int64_t at, std::chrono::seconds by) {
  const auto in_range = [](std::int64_t seconds) { return seconds >= kFirst && seconds < kBehind; };
  if (!in_range(at) || by.count() >= kBehind || by.count() <= -kBehind) return std::nullopt;
  const std::int64_t moved = at + by.count();
  return in_range(moved) ? std::optional(moved) : std::nullopt;
}

// "2026-09-01T08:00:00" at the beginning of `text`, whatever zone it is in.
std::optional<std::int64_t> civil_seconds(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !digit : text[i] != kForm[i]) return std::nullopt;
  }
  const auto part = [&](std::size_t begin, std::size_t size) {
    return static_cast<int>(number_in(text.substr(begin, size)).value_or(0));
  };
  const std::chrono::year_month_day date(std::chrono::year(part(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(part(8, 2))));
  const int hour = part(11, 2);
  const int minute = part(14, 2);
  const int second = part(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((std::int64_t{days} * 24 + hour) * 60 + minute) * 60 + second;
}

// ".123456Z", "Z", "+00:00": what may stand behind the seconds.
bool is_fraction_and_zone(std::string_view text) {
  if (text.starts_with('.')) {
    const auto end = text.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) return false;
    text.remove_prefix(end);
  }
  if (text == "Z") return true;
  constexpr std::string_view kForm = "sdd:dd";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    const bool sign = text[i] == '+' || text[i] == '-';
    if (kForm[i] == 'd' ? !digit : kForm[i] == 's' ? !sign : text[i] != kForm[i]) return false;
  }
  return true;
}

}  // namespace

std::string_view TimeShift::moved(std::string_view text) {
  if (by_ == std::chrono::seconds::zero() || !places_.read(text)) return text;
  text_ = text;
  const JsonPlace& root = places_.root();
  if (dialect_ == Dialect::SpotV1 && root.kind == Kind::Array) {
    spot_v1_array(root);
  } else {
    named(root, {});
  }
  return text_;
}

// [number, data..., name, pair], or [[orders...], name, {"sequence": n}].
void TimeShift::spot_v1_array(const JsonPlace& root) {
  for (const JsonPlace* data = root.first(); data != root.behind(); data = data->behind()) spot_v1_data(*data);
}

void TimeShift::spot_v1_data(const JsonPlace& data) {
  if (data.kind == Kind::Object) {
    // Of a book; the members of a ticker have the same names, and no rows.
    for (const JsonPlace* name = data.first(); name != data.behind(); name = (name + 1)->behind())
      third_of_each(name[1]);
    return;
  }
  if (data.kind != Kind::Array || data.span == 1) return;
  if (data.first()->kind == Kind::Array) return third_of_each(data);  // trades
  if (data.first()->kind == Kind::Object) return named(data, {});     // orders, fills
  constexpr std::uint32_t kCandle = 9;
  constexpr std::uint32_t kSpread = 5;
  // Neither holds anything but scalars.
  if (data.span == 1 + kCandle) {
    seconds_at(data.first()[0]);
    seconds_at(data.first()[1]);
  } else if (data.span == 1 + kSpread) {
    seconds_at(data.first()[2]);
  }
}

// Levels and trades: price, volume, time, and more.
void TimeShift::third_of_each(const JsonPlace& rows) {
  if (rows.kind != Kind::Array) return;
  for (const JsonPlace* row = rows.first(); row != rows.behind(); row = row->behind()) {
    constexpr std::uint32_t kFewest = 3;
    if (row->kind == Kind::Array && row->span > kFewest) seconds_at(row->first()[2]);
  }
}

// `name`: of the member that this is the value of, or the nearest one around it.
void TimeShift::named(const JsonPlace& value, std::string_view name) {
  switch (value.kind) {
    case Kind::Object:
      for (const JsonPlace* one = value.first(); one != value.behind(); one = (one + 1)->behind()) {
        named(one[1], std::string_view(text_).substr(one->begin, one->end - one->begin));
      }
      return;
    case Kind::Array:
      for (const JsonPlace* one = value.first(); one != value.behind(); one = one->behind()) named(*one, name);
      return;
    case Kind::String:
      if (among(kTheirs, name)) return;
      rfc3339_at(value);
      break;
    case Kind::Number:
      break;
    case Kind::Word:
      return;
  }
  if (dialect_ == Dialect::SpotV1 && among(kSpotV1Times, name)) seconds_at(value);
  if (dialect_ == Dialect::FuturesV1 && among(kFuturesTimes, name)) milliseconds_at(value);
}

// 1788249600.123456
void TimeShift::seconds_at(const JsonPlace& place) {
  const std::string_view text = std::string_view(text_).substr(place.begin, place.end - place.begin);
  const std::string_view whole = text.substr(0, text.find('.'));
  const std::string_view fraction = text.substr(whole.size());
  const bool plain = fraction.find_first_not_of("0123456789", 1) == std::string_view::npos;
  const auto at = number_in(whole);
  if (whole.size() != kSecondDigits || !plain || !at) return;
  if (const auto moved = moved_seconds(*at, by_)) {
    text_.replace(place.begin, kSecondDigits, fmt::format("{}", *moved));
  }
}

// 1788249600123
void TimeShift::milliseconds_at(const JsonPlace& place) {
  const std::string_view text = std::string_view(text_).substr(place.begin, place.end - place.begin);
  const auto at = number_in(text);
  if (text.size() != kMillisecondDigits || !at) return;
  if (const auto moved = moved_seconds(*at / 1000, by_)) {
    text_.replace(place.begin, kMillisecondDigits, fmt::format("{}{:03}", *moved, *at % 1000));
  }
}

void TimeShift::rfc3339_at(const JsonPlace& place) {
  constexpr std::size_t kSize = std::string_view("2026-09-01T08:00:00").size();
  const std::string_view text = std::string_view(text_).substr(place.begin, place.end - place.begin);
  const auto at = civil_seconds(text);
  if (!at || !is_fraction_and_zone(text.substr(kSize))) return;
  const auto moved = moved_seconds(*at, by_);
  if (!moved) return;
  const std::chrono::sys_seconds instant{std::chrono::seconds(*moved)};
  const auto days = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss time(instant - days);
  text_.replace(place.begin, kSize,
                fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                            static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                            time.hours().count(), time.minutes().count(), time.seconds().count()));
}

}  // namespace ktape
