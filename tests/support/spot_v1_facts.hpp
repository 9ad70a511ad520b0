#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/market/event.hpp"

namespace ktape::test {

// What a message of v1's market data says, a line per fact: the pair, and every price, quantity, checksum and order
// letter in the order of the message. Numbers are compared as text, so that no digit may be lost.
class SpotV1Facts final : public EventSink {
 public:
  // Whether the message was market data, and understood.
  bool comparable() const { return comparable_; }
  const std::string& lines() const { return lines_; }

 private:
  void on_event(const Event& event) override;
  void note(std::string_view name, const Decimal& value);
  void note(std::string_view name, std::string_view value);

  std::string lines_;
  bool comparable_ = false;
};

// The same lines by another way: a RapidJSON document, read with no code of the codec but its numbers. Nothing for what
// is no market data.
std::optional<std::string> facts_by_dom(std::string_view text);

}  // namespace ktape::test
