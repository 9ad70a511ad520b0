#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Places in JSON text as it stands on the wire, so that one value can be changed and every other byte stays. A value
// is a view into the text, a text value with its quotes. What is not JSON has no places. Private to this folder.
namespace ktape::faults {

// The value of a member, the last of equal names as readers take it.
std::optional<std::string_view> member(std::string_view object, std::string_view name);

// The elements of an array; nothing for what is no array.
std::vector<std::string_view> elements(std::string_view array);

bool is_object(std::string_view value);
bool is_array(std::string_view value);
bool is_text(std::string_view value);

// Without its quotes; escapes stay. Empty for what is no text.
std::string_view unquoted(std::string_view value);

// `text` with `value`, a view into it, replaced.
std::string with(std::string_view text, std::string_view value, std::string_view replacement);

// `array` with one more element at its end, both as text.
std::string with_element(std::string_view array, std::string_view element);

// ---- numbers as text

// 0 with as many places: "1.50" gives "0.00".
std::string zero_like(std::string_view number);
// The smallest number with as many places: "63000.1" gives "0.1".
std::string smallest_like(std::string_view number);
// One of the last place more or less: "63000.1" and +1 give "63000.2". Nothing if that were not above zero.
std::optional<std::string> stepped(std::string_view number, int step);
bool is_zero(std::string_view number);

}  // namespace ktape::faults
