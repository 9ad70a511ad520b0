#pragma once

#include <functional>
#include <optional>

#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"

namespace ktape {

// Carries the gaps of a recording over into another, each where it stands in time, so that no hole becomes a silence.
// Gaps between Closed and Opened of a connection are left to the writer, which notes them by itself, unless the closing
// stands before what is copied.
class GapCopier {
 public:
  // What becomes of a gap on its way; nothing leaves it out.
  using Change = std::function<std::optional<Gap>(Gap)>;

  // Gaps that end before `from` are not copied; one that spans it is shortened. Both outlive it.
  GapCopier(const SessionReader& in, std::optional<Timestamp> from, Change change = {});

  // Those that end at `at` or before and were not copied yet. Damage is known only when it was read over: to be called
  // before each chunk is copied.
  void copy_until(Timestamp at, SessionWriter& out);

  // All that begin before `to`.
  void finish(std::optional<Timestamp> to, SessionWriter& out);

 private:
  void copy(Gap gap, SessionWriter& out);

  const SessionReader& in_;
  std::optional<Timestamp> from_;
  Change change_;
  std::vector<Gap> done_;
};

}  // namespace ktape
