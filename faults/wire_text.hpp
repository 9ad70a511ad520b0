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

// Calls visit(name, value) for every value that is neither object nor array, in the order of the text; elements of an
// array have the array's name, and those of the outermost none.
template <class Visit>
void each_scalar(std::string_view text, Visit visit);

// ---- numbers as text

// 0 with as many places: "1.50" gives "0.00".
std::string zero_like(std::string_view number);
// The smallest number with as many places: "63000.1" gives "0.1".
std::string smallest_like(std::string_view number);
// One of the last place more or less: "63000.1" and +1 give "63000.2". Nothing if that were not above zero.
std::optional<std::string> stepped(std::string_view number, int step);
bool is_zero(std::string_view number);

// ------------------------------------------------------------------------------------------------------------------

// Over a text value whose quote is at `at`: to behind its closing quote, or to the end of the text.
inline std::size_t skip_text(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

template <class Visit>
void each_scalar(std::string_view text, Visit visit) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<std::string_view> names{{}};  // of what is around
  std::string_view name;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      const std::size_t end = skip_text(text, at);
      const std::string_view value = text.substr(at, end - at);
      const std::size_t next = text.find_first_not_of(kSpace, end);
      if (next != std::string_view::npos && text[next] == ':') {
        name = unquoted(value);
        at = next + 1;
      } else {
        visit(name, value);
        at = end;
      }
    } else if (c == '{' || c == '[') {
      names.push_back(name);
      ++at;
    } else if (c == '}' || c == ']') {
      name = names.back();
      if (names.size() > 1) names.pop_back();
      ++at;
    } else if (c == ',' || kSpace.find(c) != std::string_view::npos) {
      ++at;
    } else {
      const std::size_t end = std::min(text.find_first_of(",}] \t\r\n", at), text.size());
      visit(name, text.substr(at, end - at));
      at = end;
    }
  }
}

}  // namespace ktape::faults
