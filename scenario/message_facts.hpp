#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/json_tape.hpp"

namespace ktape::scenario {

// What a message is about, whichever of Kraken's dialects it is in and whoever says it.
struct MessageFacts {
  std::string method;                // "subscribe", "add_order"; of Spot v1 and Futures the event: "addOrder"
  std::string channel;               // "book"; of Futures the feed. Of Spot v1 without depth and interval
  std::vector<std::string> symbols;  // as written, in their order
  std::optional<bool> success;       // of an answer

  friend bool operator==(const MessageFacts&, const MessageFacts&) = default;
};

// Reads them; what a text does not say, or what is no JSON, is empty.
class MessageReader {
 public:
  MessageFacts read(std::string_view text);

 private:
  JsonTape tape_{{.max_bytes = std::size_t{4} << 20U, .max_nodes = std::size_t{1} << 18U}};
};

// Whether a message of the exchange may be the answer to a subscription, or to its end: others need not be read to find
// out which there are.
bool may_change_subscriptions(std::string_view text);

}  // namespace ktape::scenario
