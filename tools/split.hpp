#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/dialect.hpp"
#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "tools/work.hpp"

namespace ktape {

enum class SplitBy : std::uint8_t { Time, Size, Symbol, Channel, Connection };

struct SplitOptions {
  SplitBy by = SplitBy::Time;
  Duration every = std::chrono::hours(1);  // Time: parts end on the grid of unix time, at full hours for 1h
  std::uint64_t bytes = 0;                 // Size: a part ends with the chunk that fills it
};

// What a part is called: how many came before it, when it begins, and its symbol, channel or connection.
struct PartName {
  std::size_t number = 0;
  std::optional<Timestamp> begin;  // by time and size
  std::string key;                 // by symbol, channel and connection
};

struct PartReport {
  PartName name;
  std::uint64_t frames = 0;
  std::uint64_t keyframe_frames = 0;
  std::uint64_t stored_bytes = 0;
};

// Makes the recording that a part is written to; it allows extras.
using OpenPart = std::function<Result<std::unique_ptr<SessionWriter>>(const PartName& name)>;

// Takes a recording apart so that each part can be played alone, in one pass. Finishes the parts. By time and size
// every frame is in exactly one part; by symbol, channel and connection what belongs to a connection as a whole is in
// each part of it, and by symbol instruments too. On an error the parts made so far are left to the caller.
Result<std::vector<PartReport>> split(SessionReader& in, const SplitOptions& options, Dialect dialect,
                                      FrameClassifier* classifier, const OpenPart& open, const WorkSoFar& so_far = {});

}  // namespace ktape
