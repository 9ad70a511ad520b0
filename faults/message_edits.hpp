#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/random.hpp"
#include "core/protocol/dialect.hpp"
#include "faults/message_facts.hpp"

// Messages of the exchange made wrong at one place, all other bytes as they were. Nothing: the message has no such
// place. Private to this folder.
namespace ktape::faults {

// The number is one more than it should be.
std::optional<std::string> with_wrong_checksum(Dialect dialect, const MessageFacts& facts, std::string_view text);

struct BookEdit {
  std::string text;
  // Futures: a message that follows it, whose seq is one higher; all later ones must count from there.
  std::string second{};
};
std::optional<BookEdit> with_unknown_delete(Dialect dialect, const MessageFacts& facts, std::string_view text);
std::optional<BookEdit> with_crossed_level(Dialect dialect, const MessageFacts& facts, std::string_view text);

// Futures: a book's seq so much higher.
std::optional<std::string> with_seq_shifted(const MessageFacts& facts, std::string_view text, std::uint64_t by);

// All times moved.
std::optional<std::string> with_clock_shifted(Dialect dialect, std::string_view text, std::chrono::seconds by);

std::string truncated(std::string_view text, std::optional<ByteCount> bytes);
// Replaces ASCII characters that can be seen by others. Nothing where there is none.
std::optional<std::string> corrupted(std::string_view text, std::uint32_t characters, Random& random);

// A request of the dead man's switch with another timeout, in whole seconds.
std::optional<std::string> with_timeout(Dialect dialect, const MessageFacts& facts, std::string_view text,
                                        Duration timeout);

}  // namespace ktape::faults
