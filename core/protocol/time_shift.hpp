#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/protocol/dialect.hpp"
#include "core/protocol/json_places.hpp"

namespace ktape {

// Moves every time that messages tell by the same whole number of seconds, and changes no other byte: each keeps its
// form, its number of digits and its fraction, so that moving back gives the text that it was.
//
// A time is, in Spot v2, whatever has the form of RFC 3339 ("timestamp", "interval_begin", "time_in", "expire_time"
// and what may come); in Spot v1 that and the seconds in books, trades, spreads, candles and orders; in Futures that
// and the milliseconds of the members that hold times. Identifiers that clients choose are left alone, and so is what
// lies outside of the years 2001 to 2286, before or after the move: 0 says that there is no time.
class TimeShift {
 public:
  TimeShift(Dialect dialect, std::chrono::seconds by) : dialect_(dialect), by_(by) {}

  // Good until the next call, and as long as `text`. What is no JSON comes back as it is.
  std::string_view moved(std::string_view text);

  std::chrono::seconds by() const { return by_; }

 private:
  void spot_v1_array(const JsonPlace& root);
  void spot_v1_data(const JsonPlace& data);
  void third_of_each(const JsonPlace& rows);
  void named(const JsonPlace& value, std::string_view name);
  void seconds_at(const JsonPlace& place);
  void milliseconds_at(const JsonPlace& place);
  void rfc3339_at(const JsonPlace& place);

  Dialect dialect_;
  std::chrono::seconds by_;
  JsonPlaces places_;
  std::string text_;
};

}  // namespace ktape
