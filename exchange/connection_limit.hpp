#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/clock.hpp"

namespace ktape {

// How often one client may connect. Kraken's edge lets about 150 attempts of an address pass in any ten minutes, and
// then none for ten minutes (spot-v2 section 1.4).
struct ConnectionLimitOptions {
  std::uint32_t attempts = 150;
  Duration window = std::chrono::minutes(10);
  Duration ban = std::chrono::minutes(10);
};

// Counts attempts to connect, by the address of the client and the host that it wants, and says which are refused.
// What is refused counts for nothing: a ban ends when it was said to. Memory is bounded: of more than kMaxClients the
// one is forgotten that has been away for longest.
class ConnectionLimit {
 public:
  // `clock` outlives it.
  ConnectionLimit(const Clock& clock, ConnectionLimitOptions options) : clock_(clock), options_(options) {}

  // An attempt, now. How long it is still refused for; nothing: it may connect.
  std::optional<Duration> refuses(std::string_view client, std::string_view host);

  static constexpr std::size_t kMaxClients = 4096;

 private:
  struct Client {
    std::deque<Timestamp> attempts;  // within the window, oldest first
    Timestamp banned_until = Timestamp::min();
    Timestamp last_at{};
  };

  void make_room();

  const Clock& clock_;
  ConnectionLimitOptions options_;
  std::map<std::pair<std::string, std::string>, Client> clients_;
};

}  // namespace ktape
