#include "core/protocol/json_places.hpp"

#include <limits>

namespace ktape {
namespace {

constexpr int kMaxDepth = 32;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool ends_word(char c) { return is_space(c) || c == ',' || c == ']' || c == '}' || c == ':' || c == '"'; }
std::uint32_t as_place(std::size_t at) { return static_cast<std::uint32_t>(at); }

}  // namespace

bool JsonPlaces::read(std::string_view text) {
  places_.clear();
  text_ = text;
  at_ = 0;
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) return false;
  if (!value(0)) return false;
  skip_space();
  return at_ == text_.size();
}

void JsonPlaces::skip_space() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

bool JsonPlaces::take(char wanted) {
  skip_space();
  if (at_ >= text_.size() || text_[at_] != wanted) return false;
  ++at_;
  return true;
}

// Behind the opening quote.
bool JsonPlaces::string() {
  const std::size_t begin = at_;
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\\') {
      ++at_;
    } else if (text_[at_] == '"') {
      places_.push_back({JsonPlace::Kind::String, as_place(begin), as_place(at_), 1});
      ++at_;
      return true;
    }
  }
  return false;
}

bool JsonPlaces::value(int depth) {
  if (depth > kMaxDepth) return false;
  if (take('"')) return string();
  if (take('{')) return members(depth);
  if (take('[')) return elements(depth);
  const std::size_t begin = at_;
  while (at_ < text_.size() && !ends_word(text_[at_])) ++at_;
  if (at_ == begin) return false;
  const char first = text_[begin];
  const bool number = first == '-' || (first >= '0' && first <= '9');
  places_.push_back({number ? JsonPlace::Kind::Number : JsonPlace::Kind::Word, as_place(begin), as_place(at_), 1});
  return true;
}

bool JsonPlaces::members(int depth) {
  const std::size_t own = places_.size();
  places_.push_back({JsonPlace::Kind::Object, as_place(at_ - 1), 0, 1});
  if (!take('}')) {
    do {
      if (!take('"') || !string() || !take(':') || !value(depth + 1)) return false;
    } while (take(','));
    if (!take('}')) return false;
  }
  places_[own].end = as_place(at_);
  places_[own].span = as_place(places_.size() - own);
  return true;
}

bool JsonPlaces::elements(int depth) {
  const std::size_t own = places_.size();
  places_.push_back({JsonPlace::Kind::Array, as_place(at_ - 1), 0, 1});
  if (!take(']')) {
    do {
      if (!value(depth + 1)) return false;
    } while (take(','));
    if (!take(']')) return false;
  }
  places_[own].end = as_place(at_);
  places_[own].span = as_place(places_.size() - own);
  return true;
}

}  // namespace ktape
