#pragma once

#include "faults/fault.hpp"

// Private to this folder.
namespace ktape {

namespace faults {

enum class Family : std::uint8_t {
  Travel,      // how messages travel
  Connection,  // what happens to a connection
  Message,     // what happens to a message, whatever it says
  Content,     // what the exchange says is wrong
  Request,     // what is asked is answered otherwise
  BeforeConnection,
};

}  // namespace faults

faults::Family family_of(const faults::Kind& kind);

// A fault of the connection that waits for a time and for no message.
bool is_timed(const Fault& fault);

// What is wrong with a fault, and the key that says it.
struct Objection {
  std::string_view key{};  // empty: the fault as a whole
  std::string what{};
};
std::optional<Objection> objection_to(const Fault& fault);

}  // namespace ktape
