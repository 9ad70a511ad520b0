#pragma once

#include <optional>
#include <string>

#include "replay/stage.hpp"

namespace ktape::cli {

// A playback for a terminal that cannot be drawn on, or for a file: one line for each second of tape time in which
// something was told, and one for each candle that closed.
//   2026-09-01T08:00:01Z  BTC/USD 63390.7 63391.2  ETH/USD 2301.1 2301.2  7 events, 2 trades
class LinePrinter {
 public:
  // To be called for each event, while the stage is as it was left by it. Appends lines to `out`.
  void hear(const ClientStage::Heard& heard, const ClientStage& stage, std::string& out);
  // The last second, which nothing followed.
  void finish(const ClientStage& stage, std::string& out);

 private:
  void tell(const ClientStage& stage, std::string& out);

  std::optional<Timestamp> second_;
  std::uint64_t events_ = 0;
  std::uint64_t trades_ = 0;
};

}  // namespace ktape::cli
