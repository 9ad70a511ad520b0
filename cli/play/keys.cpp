#include "cli/play/keys.hpp"

#include <utility>

namespace ktape::cli {

KeyBindings::Meaning KeyBindings::press(Key key) {
  if (question_.shown != nullptr) return type(key);
  switch (key.kind) {
    case Key::Kind::Right:
      return {"step"};
    case Key::Kind::Left:
      return {"back"};
    case Key::Kind::Up:
      return {"rate up"};
    case Key::Kind::Down:
      return {"rate down"};
    case Key::Kind::PageUp:
      return {"seek -1m"};
    case Key::Kind::PageDown:
      return {"seek +1m"};
    case Key::Kind::Character:
      break;
    default:
      return {};
  }
  switch (key.character) {
    case ' ':
      return {"toggle"};
    case 'n':
      return {"step 1 event"};
    case 'l':
      return {"loop toggle"};
    case 'm':
      return {"rate max"};
    case '1':
      return {"rate 1"};
    case 'g':
      question_ = {"go to (08:03:20, 3m, +30s): ", "seek ", ""};
      return {};
    case 'u':
      question_ = {"play until (08:03:20, 3m, +30s, off): ", "until ", ""};
      return {};
    case 'b':
      question_ = {"burst of how many frames [100]: ", "burst ", "100"};
      return {};
    case ':':
      question_ = {":", "", ""};
      return {};
    case 'q':
      return {{}, true};
    default:
      return {};
  }
}

KeyBindings::Meaning KeyBindings::type(Key key) {
  switch (key.kind) {
    case Key::Kind::Enter: {
      std::string answer = std::exchange(typed_, {});
      const Question asked = std::exchange(question_, {});
      if (answer.empty()) answer = asked.usual;
      if (answer.empty()) return {};
      return {asked.verb + answer};
    }
    case Key::Kind::Escape:
      typed_.clear();
      question_ = {};
      return {};
    case Key::Kind::Erase:
      if (!typed_.empty()) typed_.pop_back();
      return {};
    case Key::Kind::Character:
      if (typed_.size() < kMaxTyped) typed_ += key.character;
      return {};
    default:
      return {};
  }
}

std::string KeyBindings::prompt() const {
  return question_.shown == nullptr ? std::string() : question_.shown + typed_;
}

}  // namespace ktape::cli
