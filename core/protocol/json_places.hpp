#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ktape {

// Where a value stands in a JSON text. Its subtree lies behind it: the next sibling is `this + span`. Members of an
// Object are two each, the name and the value.
struct JsonPlace {
  enum class Kind : std::uint8_t { String, Number, Word, Object, Array };  // Word: true, false, null

  Kind kind = Kind::Word;
  std::uint32_t begin = 0, end = 0;  // of a String what is between the quotes, as written
  std::uint32_t span = 1;

  const JsonPlace* first() const { return this + 1; }
  const JsonPlace* behind() const { return this + span; }
};

// The values of a text by their places in it: for those who change bytes of a message and keep all others, where a
// JsonTape tells what it says. Memory is reused from text to text.
class JsonPlaces {
 public:
  // False where the text is not one JSON value, or nests deeper than 32.
  bool read(std::string_view text);

  const JsonPlace& root() const { return places_.front(); }

 private:
  bool value(int depth);
  bool string();
  bool members(int depth);
  bool elements(int depth);
  void skip_space();
  bool take(char wanted);

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<JsonPlace> places_;
};

}  // namespace ktape
