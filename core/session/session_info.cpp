#include "core/session/session_info.hpp"

namespace ktape {

std::string_view to_string(SessionState state) {
  switch (state) {
    case SessionState::Open:
      return "open";
    case SessionState::Sealed:
      return "sealed";
    case SessionState::Recovered:
      return "recovered";
    case SessionState::Damaged:
      return "damaged";
  }
  return "unknown";
}

std::string_view to_string(GapCause cause) {
  switch (cause) {
    case GapCause::Other:
      return "other";
    case GapCause::Disconnected:
      return "disconnected";
    case GapCause::Crash:
      return "crash";
    case GapCause::Dropped:
      return "dropped";
    case GapCause::Damaged:
      return "damaged";
  }
  return "unknown";
}

}  // namespace ktape
