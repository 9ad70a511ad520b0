#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/protocol/dialect.hpp"
#include "tools/merge.hpp"

namespace ktape {

struct DedupeOptions {
  // How far apart two recorders may have received the same message.
  Duration window = std::chrono::seconds(2);
};

// Two recorders were told different things, and nothing says who is right.
struct Disagreement {
  Timestamp at;
  std::string symbol;
  std::string what;    // "trade 17", "book update of 2026-09-01T08:00:00.000001Z"
  std::string first;   // the value that stays
  std::string second;  // the value that is left out
};

struct DedupeReport {
  std::uint64_t frames = 0;
  std::uint64_t from_both = 0;
  std::array<std::uint64_t, 2> from_one{};  // only the first, only the second input had it
  std::uint64_t left_out = 0;               // told already, by a message of other bytes
  std::uint64_t restamped = 0;              // received out of order: stamped with the message before
  std::vector<Gap> gaps;                    // that neither could fill
  std::uint64_t disagreements = 0;
  std::vector<Disagreement> first_disagreements;
  std::vector<MergedConnection> connections;

  static constexpr std::size_t kMaxDisagreements = 100;
};

// Two recordings of the same feeds become one without the holes of either. Connections are paired by the feeds they
// have in common; a pair becomes one connection, which is open as long as one of the two is.
//
// The same bytes within the window are one message, stamped when the first recorder got it. A message that only one has
// is taken where its book update (by exchange time and checksum), trade (by trade id), ticker or candle (by exchange
// time) belongs, unless it tells nothing new: then it is left out, as is the second connection's own conversation.
// Trades that differ under one id, and updates of one book and instant that differ, are disagreements: the first stays.
// What neither has is a gap: where both recordings say so, where a trade id or a checksum does, or before and after
// one.
//
// Where each frame came from stands in the notes of the result: sources and runs of frames (docs/guides/files.md).
// Unsupported for dialects without a codec. `out` is not finished by it.
Result<DedupeReport> dedupe(const std::array<MergeInput, 2>& inputs, SessionWriter& out, Dialect dialect,
                            const DedupeOptions& options, const WorkSoFar& so_far = {});

}  // namespace ktape
