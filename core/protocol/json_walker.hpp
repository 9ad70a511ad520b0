#pragma once

#include <cstddef>
#include <string_view>

namespace ktape {

// Walks over JSON text without reading values. At the end of the text everything fails.
class JsonWalker {
 public:
  explicit JsonWalker(std::string_view text) : text_(text) {}

  bool take(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool take_text(std::string_view& out) {
    if (!take('"')) return false;
    const std::size_t begin = at_;
    if (!skip_text()) return false;
    out = text_.substr(begin, at_ - 1 - begin);
    return true;
  }

  // Any value, as it is written.
  bool take_value(std::string_view& out) {
    skip_space();
    const std::size_t begin = at_;
    if (!skip_value()) return false;
    out = text_.substr(begin, at_ - begin);
    while (!out.empty() && (out.back() == ' ' || out.back() == '\n' || out.back() == '\t' || out.back() == '\r')) {
      out.remove_suffix(1);
    }
    return true;
  }

  bool skip_value() {
    skip_space();
    std::size_t depth = 0;
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) return at_ > begin;
      ++at_;
      if (c == '"' && !skip_text()) return false;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
    }
    return false;
  }

  // Calls on_member(name, walker at its value), which steps over the value or returns false to end the walk.
  template <class OnMember>
  void each_member(OnMember on_member) {
    if (!take('{')) return;
    do {
      std::string_view name;
      if (!take_text(name) || !take(':') || !on_member(name, *this)) return;
    } while (take(','));
  }

 private:
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  // To behind the closing quote.
  bool skip_text() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return true;
      }
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace ktape
