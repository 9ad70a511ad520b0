#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "replay/recorded_state.hpp"

namespace ktape {

struct StateTextOptions {
  std::set<std::string, std::less<>> symbols{};  // only these; empty: all
  std::size_t levels = 0;                        // of each side of a book; 0: all
};

// One JSON object without a newline. Keys have a fixed order, numbers of the market are strings with their exact
// digits, instants are nanoseconds since 1970, as in an event log: two states are equal exactly if their texts are.
void append_state_json(std::string& out, const RecordedState& state, const StateTextOptions& options = {});

// For people: lines that each end with a newline.
void append_state_text(std::string& out, const RecordedState& state, const StateTextOptions& options = {});

// The SHA-256 of the whole JSON text, in hexadecimal digits.
std::string state_hash(const RecordedState& state);

}  // namespace ktape
