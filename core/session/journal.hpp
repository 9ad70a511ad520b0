#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/session/byte_sink.hpp"
#include "core/session/byte_source.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// Where the journal of a recording stands.
inline std::string journal_path(const std::string& recording) { return recording + ".journal"; }

// Puts the frames of the open chunk where kill -9 does not reach them: see "Journal" in docs/format.md.
class JournalWriter {
 public:
  JournalWriter(std::unique_ptr<JournalSink> sink, std::uint64_t salt);

  void add(const Frame& frame, std::uint64_t sequence);

  // One write of what was added since the last; none if there is nothing.
  Result<void> commit();
  Result<void> sync() { return sink_->sync(); }

  // The frames added so far are stored elsewhere, for good.
  void restart();
  Result<void> remove() { return sink_->remove(); }

 private:
  std::unique_ptr<JournalSink> sink_;
  std::uint64_t marker_;
  std::uint64_t offset_ = 0;
  std::uint64_t first_sequence_ = 0;
  std::uint32_t frames_ = 0;
  std::string entry_;
};

// A frame of the journal, whose payload lies in the journal's bytes.
using JournalVisitor = std::function<void(std::uint64_t sequence, const Frame& frame)>;

// Calls `visit` for every valid frame in order of sequence, up to the first entry that is stale, torn or foreign.
Result<void> read_journal(std::string_view bytes, std::uint64_t salt, const JournalVisitor& visit);

}  // namespace ktape
