#pragma once

#include <string_view>
#include <vector>

#include "core/protocol/dialect.hpp"
#include "core/wire/frame.hpp"
#include "faults/fault.hpp"

// What a message is about, as far as a fault may ask. Views into its text; private to this folder.
namespace ktape::faults {

struct MessageFacts {
  std::string_view channel;  // of data or of a request, without depth, interval or "_snapshot"
  std::vector<std::string_view> symbols;
  bool data = false;  // the exchange tells something of a channel
  bool snapshot = false;
  bool numbered = false;  // has a number that tells of a gap before it

  // Of a request:
  bool request = false;
  std::string_view method;      // subscribe, add_order; v1 and Futures: the event
  std::string_view request_id;  // as text; empty without
  bool has_token = false;
  std::string_view subscription;  // v1: the object
};

MessageFacts facts_of(Dialect dialect, Direction direction, std::string_view text);

bool fits(const FaultWhere& where, const MessageFacts& facts, std::string_view text);

}  // namespace ktape::faults
