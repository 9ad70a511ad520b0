#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "scenario/journal.hpp"

namespace ktape::scenario {

// What an entry of a journal may have to look like: of this event, and all that is set must hold.
struct EntryPattern {
  JournalEvent event{};
  std::optional<std::uint32_t> connection{};
  std::string host{}, path{};       // equal
  std::string method{}, channel{};  // equal
  std::string symbol{};             // one of its symbols
  std::string by{}, name{};         // equal
  std::string text{};               // contained
  std::optional<std::uint16_t> code{};
  std::optional<bool> success{};

  bool matches(const JournalEntry& entry) const;

  friend bool operator==(const EntryPattern&, const EntryPattern&) = default;
};

// "message (method subscribe, channel book)"
std::string describe(const EntryPattern& pattern);

}  // namespace ktape::scenario
