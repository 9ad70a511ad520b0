#include "synth/profile.hpp"

#include <array>

namespace ktape::synth {
namespace {

constexpr std::int64_t kMicro = 1'000;
constexpr std::int64_t kMilli = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;

constexpr std::array kLiquidBurstGap{
    Quantile{0, 5 * kMilli},     Quantile{200, 14 * kMilli},  Quantile{500, 70 * kMilli},   Quantile{800, 180 * kMilli},
    Quantile{950, 400 * kMilli}, Quantile{990, 800 * kMilli}, Quantile{1000, 1800 * kMilli}};
constexpr std::array kMediumBurstGap{
    Quantile{0, 5 * kMilli},     Quantile{200, 20 * kMilli},  Quantile{500, 100 * kMilli},  Quantile{800, 240 * kMilli},
    Quantile{950, 520 * kMilli}, Quantile{990, 950 * kMilli}, Quantile{1000, 2200 * kMilli}};
constexpr std::array kThinBurstGap{Quantile{0, 100 * kMilli}, Quantile{500, 3 * kSecond}, Quantile{900, 9 * kSecond},
                                   Quantile{990, 13 * kSecond}, Quantile{1000, 18 * kSecond}};

constexpr std::array kBurstLength{Quantile{0, 1}, Quantile{500, 3}, Quantile{900, 8}, Quantile{990, 38},
                                  Quantile{1000, 220}};
constexpr std::array kThinBurstLength{Quantile{0, 1}, Quantile{250, 2}, Quantile{900, 4}, Quantile{1000, 6}};

constexpr std::array kEventGap{Quantile{0, 3 * kMicro}, Quantile{550, 12 * kMicro}, Quantile{900, 30 * kMicro},
                               Quantile{980, 300 * kMicro}, Quantile{1000, 3 * kMilli}};
constexpr std::array kThinEventGap{Quantile{0, 6 * kMilli}, Quantile{500, 25 * kMilli}, Quantile{1000, 60 * kMilli}};

constexpr std::array kRank{Quantile{0, 0},    Quantile{60, 1},    Quantile{180, 5},    Quantile{280, 10},
                           Quantile{560, 25}, Quantile{940, 100}, Quantile{1000, 1000}};
constexpr std::array kThinRank{Quantile{0, 0},    Quantile{130, 1},   Quantile{400, 5},    Quantile{600, 10},
                               Quantile{950, 25}, Quantile{995, 100}, Quantile{1000, 1000}};

constexpr std::array kLiquidSize{Quantile{0, 1'067},        Quantile{100, 1'067},       Quantile{250, 33'000},
                                 Quantile{500, 1'000'000},  Quantile{750, 5'000'000},   Quantile{900, 16'500'000},
                                 Quantile{990, 50'000'000}, Quantile{1000, 120'000'000}};
constexpr std::array kMediumSize{Quantile{0, 40},           Quantile{10, 2'900},       Quantile{100, 66'000},
                                 Quantile{250, 270'000},    Quantile{500, 1'000'000},  Quantile{750, 3'300'000},
                                 Quantile{900, 10'700'000}, Quantile{990, 18'800'000}, Quantile{1000, 55'000'000}};

constexpr std::array kFairStep{Quantile{0, 0},      Quantile{450, 0},    Quantile{700, 300},
                               Quantile{900, 1500}, Quantile{990, 6000}, Quantile{1000, 12000}};
constexpr std::array kThinFairStep{Quantile{0, 0}, Quantile{800, 0}, Quantile{900, 1000}, Quantile{1000, 2500}};

constexpr std::array kLiquidTradeGap{Quantile{0, 20 * kMilli}, Quantile{500, 500 * kMilli},
                                     Quantile{900, 2400 * kMilli}, Quantile{1000, 8 * kSecond}};
constexpr std::array kMediumTradeGap{Quantile{0, 30 * kMilli}, Quantile{500, 900 * kMilli}, Quantile{900, 5 * kSecond},
                                     Quantile{1000, 18 * kSecond}};
constexpr std::array kThinTradeGap{Quantile{0, kSecond}, Quantile{500, 90 * kSecond}, Quantile{900, 400 * kSecond},
                                   Quantile{1000, 1800 * kSecond}};

constexpr Profile kLiquid{
    kLiquidBurstGap, kBurstLength, kEventGap, kRank, kLiquidSize, kFairStep, kLiquidTradeGap, 90, 300, 260, 7, 3, 1400};
constexpr Profile kMedium{kMediumBurstGap,
                          kBurstLength,
                          kEventGap,
                          kRank,
                          kMediumSize,
                          kFairStep,
                          kMediumTradeGap,
                          330,
                          260,
                          250,
                          7,
                          1,
                          1250};
constexpr Profile kThin{kThinBurstGap,
                        kThinBurstLength,
                        kThinEventGap,
                        kThinRank,
                        kMediumSize,
                        kThinFairStep,
                        kThinTradeGap,
                        340,
                        320,
                        300,
                        15,
                        0,
                        1100};

constexpr std::array kTradeSizes{Quantile{0, 50},          Quantile{100, 900},        Quantile{250, 2'500},
                                 Quantile{500, 5'000},     Quantile{750, 16'000},     Quantile{900, 270'000},
                                 Quantile{990, 5'000'000}, Quantile{1000, 12'000'000}};
constexpr std::array kTradeCounts{Quantile{0, 1}, Quantile{620, 2}, Quantile{850, 3}, Quantile{950, 5},
                                  Quantile{1000, 8}};
constexpr std::array kLevelGaps{Quantile{0, 170},      Quantile{100, 170},    Quantile{250, 330},
                                Quantile{500, 1'000},  Quantile{750, 1'830},  Quantile{900, 3'830},
                                Quantile{990, 10'300}, Quantile{1000, 17'800}};
constexpr std::array kSpreads{Quantile{0, 250},     Quantile{250, 250},   Quantile{500, 1'000},
                              Quantile{750, 2'000}, Quantile{900, 4'000}, Quantile{1000, 6'000}};
constexpr std::array kTightSpreads{Quantile{0, 1'000}, Quantile{930, 1'000}, Quantile{1000, 40'000}};
constexpr std::array kLinkDelays{Quantile{0, 22 * kMilli}, Quantile{500, 27 * kMilli}, Quantile{900, 33 * kMilli},
                                 Quantile{990, 45 * kMilli}, Quantile{1000, 110 * kMilli}};
constexpr std::array kPacePercents{Quantile{0, 25}, Quantile{300, 70}, Quantile{700, 110}, Quantile{1000, 170}};

}  // namespace

const Profile& profile_of(Liquidity liquidity) {
  switch (liquidity) {
    case Liquidity::Liquid:
      return kLiquid;
    case Liquidity::Medium:
      return kMedium;
    case Liquidity::Thin:
      return kThin;
  }
  return kMedium;
}

std::span<const Quantile> trade_sizes() { return kTradeSizes; }
std::span<const Quantile> trade_counts() { return kTradeCounts; }
std::span<const Quantile> level_gaps() { return kLevelGaps; }
std::span<const Quantile> spread_targets() { return kSpreads; }
std::span<const Quantile> tight_spreads() { return kTightSpreads; }
std::span<const Quantile> link_delays() { return kLinkDelays; }
std::span<const Quantile> pace_percents() { return kPacePercents; }

}  // namespace ktape::synth
