#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.hpp"
#include "core/session/redactor.hpp"

namespace ktape {

// What is random about a live recording, drawn from the operating system once and handed to SessionWriter.
struct SessionIdentity {
  std::string session_id;  // 32 hex digits
  std::uint64_t salt = 0;
  RedactionKey redaction_key{};

  static Result<SessionIdentity> draw();
};

}  // namespace ktape
