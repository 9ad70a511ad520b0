#pragma once

#include <string>
#include <vector>

#include "scenario/expectations.hpp"

namespace ktape::scenario {

struct Report {
  std::string name;  // of the scenario
  Timestamp began_at{};
  Timestamp ended_at{};
  std::vector<Finding> findings;
};

// Every expectation was met.
bool is_clean(const Report& report);

// For people: a line for each expectation, what happened instead below those that are unmet, and a count.
std::string report_text(const Report& report);
// JUnit XML as CI servers read it: a test suite, a test case for each expectation. Times are virtual.
std::string report_junit(const Report& report);
// The Test Anything Protocol, version 14.
std::string report_tap(const Report& report);

}  // namespace ktape::scenario
