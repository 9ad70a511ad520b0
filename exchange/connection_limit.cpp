#include "exchange/connection_limit.hpp"

#include <algorithm>

namespace ktape {

std::optional<Duration> ConnectionLimit::refuses(std::string_view client, std::string_view host) {
  const Timestamp now = clock_.now();
  std::pair key{std::string(client), std::string(host)};
  if (!clients_.contains(key)) make_room();
  Client& known = clients_[std::move(key)];
  known.last_at = now;
  if (now < known.banned_until) return known.banned_until - now;
  while (!known.attempts.empty() && now - known.attempts.front() >= options_.window) known.attempts.pop_front();
  if (known.attempts.size() < options_.attempts) {
    known.attempts.push_back(now);
    return std::nullopt;
  }
  known.attempts.clear();
  known.banned_until = now + options_.ban;
  return options_.ban;
}

void ConnectionLimit::make_room() {
  if (clients_.size() < kMaxClients) return;
  const Timestamp now = clock_.now();
  std::erase_if(clients_, [&](const auto& one) {
    return now >= one.second.banned_until && now - one.second.last_at >= options_.window;
  });
  if (clients_.size() < kMaxClients) return;
  clients_.erase(std::min_element(clients_.begin(), clients_.end(),
                                  [](const auto& a, const auto& b) { return a.second.last_at < b.second.last_at; }));
}

}  // namespace ktape
