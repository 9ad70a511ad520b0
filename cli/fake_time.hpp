#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/base/time_scale.hpp"

namespace ktape::cli {

// Debian's libfaketime, as `apt install faketime` leaves it; Errc::NotFound says what to install.
Result<std::string> find_faketime();

// What makes a program started now see the time `at`, going on at `rate`: for programs that compare the times in
// messages with their own clock. `now` is the real time. At rate 1 the two clocks keep exactly the difference of now,
// whenever a process begins; at another rate each process of the program begins at `at`.
std::vector<std::pair<std::string, std::string>> faketime_environment(const std::string& library, Timestamp at,
                                                                      Timestamp now, Rate rate);

}  // namespace ktape::cli
