#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Makes checksums, markers and lengths right in bytes that a fuzzer has changed.
namespace ktape::fuzz {

inline constexpr std::uint64_t kSalt = 1;

inline constexpr std::uint8_t kRepairHead = 1;
inline constexpr std::uint8_t kRepairBody = 2;
inline constexpr std::uint8_t kRepairSequence = 4;

// The entries of a journal, in place.
void repair_journal(std::string& journal, std::uint8_t what);

// A segment header with an empty description, then the records of `input`. The field of each record header that is
// zero in a file says what of this record stays wrong, see the source; a seal is made anew, and the bytes of its body
// say what is changed in it. With `footer`, a footer follows a seal.
void repair_records(std::string_view input, bool footer, std::string& out);

}  // namespace ktape::fuzz
