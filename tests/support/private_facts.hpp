#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/market/event.hpp"

namespace ktape::test {

// What a message of level3, executions, balances or an answer to a trading method says, as lines of text: once read
// from the JSON with RapidJSON's DOM and no code of the codec, once from the codec's events. They must be equal
// wherever the codec understood the message.

// Nothing for a text that is none of these.
std::optional<std::string> facts_of_json(std::string_view text);

class FactsOfEvents final : public EventSink {
 public:
  void on_event(const Event& event) override;
  const std::string& facts() const { return facts_; }
  bool understood() const { return understood_; }

 private:
  std::string facts_;
  bool understood_ = true;
};

}  // namespace ktape::test
