#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/support/session_fixture.hpp"

namespace ktape {

// Book updates of twelve symbols whose prices wander, one to three levels each, some 210 bytes on average. The
// checksums are as random as real ones.
inline std::vector<OwnedFrame> book_updates(std::size_t count) {
  SeededNumbers random(1);
  std::vector<std::uint64_t> prices(12);
  for (std::size_t i = 0; i < prices.size(); ++i) prices[i] = 1'000'000 + random.below(90'000'000);
  std::vector<OwnedFrame> frames;
  frames.reserve(count);
  Timestamp at = from_nanoseconds(1'767'225'600'000'000'000);
  for (std::size_t i = 0; i < count; ++i) {
    at += Duration{static_cast<std::int64_t>(random.below(200'000))};
    const std::size_t symbol = random.below(prices.size());
    prices[symbol] += random.below(41) - 20;
    const auto levels = [&](std::uint64_t n) {
      std::string out;
      for (std::uint64_t j = 0; j < n; ++j) {
        const std::uint64_t price = prices[symbol] + random.below(60);
        out += fmt::format("{}{{\"price\":{}.{:02},\"qty\":{}.{:08}}}", j == 0 ? "" : ",", price / 100, price % 100,
                           random.below(4) == 0 ? random.below(30) : 0,
                           random.below(3) == 0 ? 0 : random.below(99'999'999));
      }
      return out;
    };
    const std::uint64_t bids = random.below(3);
    OwnedFrame& frame = frames.emplace_back();
    frame.at = at;
    frame.connection = ConnectionId{1};
    frame.payload = fmt::format(
        R"({{"channel":"book","type":"update","data":[{{"symbol":"S{:02}/USD","bids":[{}],"asks":[{}],"checksum":{},"timestamp":"{}"}}]}})",
        symbol, levels(bids), levels(bids == 0 ? 1 : random.below(2)), random.below(1ULL << 32), format_rfc3339(at, 6));
  }
  return frames;
}

}  // namespace ktape
