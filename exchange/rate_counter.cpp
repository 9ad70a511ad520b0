#include "exchange/rate_counter.hpp"

#include <algorithm>
#include <array>

namespace ktape {
namespace {

struct Step {
  Duration below;
  int cost;
};

template <std::size_t N>
int cost_of(Duration age, const std::array<Step, N>& steps) {
  for (const Step& step : steps) {
    if (age < step.below) return step.cost;
  }
  return 0;
}

using std::chrono::seconds;
constexpr std::array<Step, 3> kAmend{{{seconds(5), 300}, {seconds(10), 200}, {seconds(15), 100}}};
constexpr std::array<Step, 5> kEdit{
    {{seconds(5), 600}, {seconds(10), 500}, {seconds(15), 400}, {seconds(45), 200}, {seconds(90), 100}}};
constexpr std::array<Step, 6> kCancel{{{seconds(5), 800},
                                       {seconds(10), 600},
                                       {seconds(15), 500},
                                       {seconds(45), 400},
                                       {seconds(90), 200},
                                       {seconds(300), 100}}};
constexpr int kFixed = 100;

}  // namespace

TradingLimits limits_of(AccountTier tier) {
  switch (tier) {
    case AccountTier::Starter:
      return {60, 100, 60};
    case AccountTier::Intermediate:
      return {125, 234, 80};
    case AccountTier::Pro:
      break;
  }
  return {180, 375, 225};
}

int RateCounter::amend_cost(Duration age) { return kFixed + cost_of(age, kAmend); }
int RateCounter::edit_cost(Duration age) { return kFixed + cost_of(age, kEdit); }
int RateCounter::cancel_cost(Duration age) { return cost_of(age, kCancel); }

// A rate of 234 per 100 s is 2.34 per s: 234 units of 10^-11 in each nanosecond are 234 * 10^-2 in a second.
std::int64_t RateCounter::at(Timestamp now) const {
  const std::int64_t rate = limits_.decay_per_100_seconds;
  // Beyond this it has sunk to zero from any value that it can have.
  const std::int64_t passed = std::min<std::int64_t>((now - since_).count(), units_ / rate + 1);
  return std::max<std::int64_t>(0, units_ - passed * rate);
}

std::int64_t RateCounter::value(Timestamp now) const { return at(now) / kUnitsPerHundredth; }

void RateCounter::force(Timestamp now, int cost) {
  // The sum stays far from the end of the range: nobody is let pass beyond a few times the threshold.
  constexpr std::int64_t kMost = std::int64_t{1'000'000} * kUnitsPerHundredth;
  units_ = std::min(kMost, at(now) + cost * kUnitsPerHundredth);
  since_ = now;
}

bool RateCounter::take(Timestamp now, int cost, int refused_cost) {
  const std::int64_t threshold = std::int64_t{limits_.max_rate_count} * 100 * kUnitsPerHundredth;
  if (at(now) >= threshold) {
    force(now, refused_cost);
    return false;
  }
  force(now, cost);
  return true;
}

}  // namespace ktape
