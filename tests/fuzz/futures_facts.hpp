#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ktape::test {

// What a text says of books and trades, read by another way than the codec's: RapidJSON's document, member by member.
// A line per fact; empty for a well-formed message of another kind; nothing where a fact is missing or makes no sense,
// or for text that is no JSON object.
struct FuturesFacts {
  bool concerned = false;  // a book, book_snapshot, trade or trade_snapshot message
  std::optional<std::string> lines{};
};
FuturesFacts futures_facts(std::string_view text);

}  // namespace ktape::test
