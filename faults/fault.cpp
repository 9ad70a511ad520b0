#include "faults/fault.hpp"

#include <array>
#include <type_traits>

#include "faults/traits.hpp"

namespace ktape {
namespace {

// In the order of the variant.
constexpr std::array<std::string_view, std::variant_size_v<faults::Kind>> kNames{"latency",
                                                                                 "bandwidth",
                                                                                 "slow_start",
                                                                                 "slicer",
                                                                                 "slow_close",
                                                                                 "stall",
                                                                                 "half_open",
                                                                                 "timeout",
                                                                                 "reset_peer",
                                                                                 "close",
                                                                                 "limit_data",
                                                                                 "drop",
                                                                                 "duplicate",
                                                                                 "reorder",
                                                                                 "delay",
                                                                                 "truncate",
                                                                                 "corrupt",
                                                                                 "wrong_checksum",
                                                                                 "unknown_delete",
                                                                                 "crossed_book",
                                                                                 "missing_heartbeat",
                                                                                 "gap",
                                                                                 "clock_ahead",
                                                                                 "error_reply",
                                                                                 "invalid_token",
                                                                                 "rate_limit",
                                                                                 "dead_man_switch",
                                                                                 "refuse_connect",
                                                                                 "http_status",
                                                                                 "tls"};

}  // namespace

std::string_view to_string(const faults::Kind& kind) { return kNames.at(kind.index()); }

std::vector<std::string_view> fault_kinds() { return {kNames.begin(), kNames.end()}; }

std::string_view to_string(faults::Way way) {
  switch (way) {
    case faults::Way::FromExchange:
      return "from_exchange";
    case faults::Way::ToExchange:
      return "to_exchange";
    case faults::Way::Both:
      break;
  }
  return "both";
}

std::string_view to_string(faults::TlsFailure failure) {
  switch (failure) {
    case faults::TlsFailure::Handshake:
      return "handshake";
    case faults::TlsFailure::Expired:
      return "expired";
    case faults::TlsFailure::WrongName:
      return "wrong_name";
    case faults::TlsFailure::Untrusted:
      break;
  }
  return "untrusted";
}

std::string_view to_string(faults::HttpPlace place) {
  switch (place) {
    case faults::HttpPlace::Upgrade:
      return "upgrade";
    case faults::HttpPlace::Rest:
      return "rest";
    case faults::HttpPlace::Both:
      break;
  }
  return "both";
}

faults::Family family_of(const faults::Kind& kind) {
  using faults::Family;
  return std::visit(
      [](const auto& what) {
        using K = std::decay_t<decltype(what)>;
        using namespace faults;
        constexpr bool travel = std::is_same_v<K, Latency> || std::is_same_v<K, Bandwidth> ||
                                std::is_same_v<K, SlowStart> || std::is_same_v<K, Slicer> ||
                                std::is_same_v<K, SlowClose>;
        constexpr bool link = std::is_same_v<K, Stall> || std::is_same_v<K, HalfOpen> || std::is_same_v<K, Timeout> ||
                              std::is_same_v<K, ResetPeer> || std::is_same_v<K, Close> || std::is_same_v<K, LimitData>;
        constexpr bool message = std::is_same_v<K, Drop> || std::is_same_v<K, Duplicate> ||
                                 std::is_same_v<K, Reorder> || std::is_same_v<K, Delay> ||
                                 std::is_same_v<K, Truncate> || std::is_same_v<K, Corrupt>;
        constexpr bool request = std::is_same_v<K, ErrorReply> || std::is_same_v<K, InvalidToken> ||
                                 std::is_same_v<K, RateLimit> || std::is_same_v<K, DeadManSwitch>;
        constexpr bool before =
            std::is_same_v<K, RefuseConnect> || std::is_same_v<K, HttpStatus> || std::is_same_v<K, Tls>;
        if constexpr (travel) return Family::Travel;
        if constexpr (link) return Family::Connection;
        if constexpr (message) return Family::Message;
        if constexpr (request) return Family::Request;
        if constexpr (before) return Family::BeforeConnection;
        return Family::Content;
      },
      kind);
}

bool is_before_connection(const faults::Kind& kind) { return family_of(kind) == faults::Family::BeforeConnection; }

bool is_timed(const Fault& fault) {
  return family_of(fault.kind) == faults::Family::Connection &&
         !std::holds_alternative<faults::LimitData>(fault.kind) && !fault.where.picks_messages() &&
         fault.when.after == 0;
}

faults::Way way_of(const Fault& fault) {
  if (fault.where.way) return *fault.where.way;
  if (family_of(fault.kind) == faults::Family::Request) return faults::Way::ToExchange;
  const bool both = std::holds_alternative<faults::Stall>(fault.kind) ||
                    std::holds_alternative<faults::HalfOpen>(fault.kind) ||
                    std::holds_alternative<faults::Timeout>(fault.kind);
  return both ? faults::Way::Both : faults::Way::FromExchange;
}

}  // namespace ktape
