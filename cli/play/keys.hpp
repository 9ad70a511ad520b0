#pragma once

#include <cstdint>
#include <string>

namespace ktape::cli {

struct Key {
  enum class Kind : std::uint8_t { Character, Left, Right, Up, Down, PageUp, PageDown, Enter, Escape, Erase, Other };
  Kind kind = Kind::Other;
  char character = 0;

  static Key of(char c) { return {Kind::Character, c}; }
};

// What keys mean to a player, those of `ros2 bag play` first: a verb of replay/steering_commands.hpp, or the end. Some
// ask for more: what is being typed then stands in prompt().
class KeyBindings {
 public:
  struct Meaning {
    std::string verb;  // empty: none yet
    bool quit = false;
  };
  Meaning press(Key key);

  // Empty while nothing is being typed.
  std::string prompt() const;

  static constexpr std::size_t kMaxTyped = 200;

 private:
  struct Question {
    const char* shown = nullptr;  // nullptr: none is asked
    const char* verb = "";        // stands before the answer
    const char* usual = "";       // for an empty answer; if that is empty too, nothing is done
  };
  Meaning type(Key key);

  Question question_;
  std::string typed_;
};

}  // namespace ktape::cli
