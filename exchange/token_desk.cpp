#include "exchange/token_desk.hpp"

namespace ktape {

bool may_trade(const Permissions& permissions, const TradingRequest& request) {
  struct Needed {
    const Permissions& has;
    bool operator()(const AddOrder&) const { return has.modify_trades; }
    bool operator()(const AmendOrder&) const { return has.modify_trades; }
    bool operator()(const EditOrder&) const { return has.modify_trades; }
    bool operator()(const BatchAdd&) const { return has.modify_trades; }
    bool operator()(const CancelOrder&) const { return has.modify_trades || has.close_trades; }
    bool operator()(const CancelAll&) const { return has.modify_trades || has.close_trades; }
    bool operator()(const CancelAllOrdersAfter&) const { return has.modify_trades || has.close_trades; }
    bool operator()(const BatchCancel&) const { return has.modify_trades || has.close_trades; }
  };
  return std::visit(Needed{permissions}, request);
}

std::string TokenDesk::issue(const TokenGrant& grant) {
  // Nobody can use what is neither young nor bound.
  std::erase_if(tokens_,
                [this](const auto& entry) { return !is_young(entry.second) && entry.second.connections.empty(); });
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kLength = 43;
  std::string token;
  while (token.size() < kLength) token += kLetters[random_.below(kLetters.size())];
  tokens_.insert_or_assign(token, Token{grant, clock_.now(), {}});
  return token;
}

const TokenGrant* TokenDesk::find(std::string_view token, ConnectionId connection) {
  const auto found = tokens_.find(token);
  if (found == tokens_.end()) return nullptr;
  if (!is_young(found->second) && !found->second.connections.contains(connection)) return nullptr;
  return &found->second.grant;
}

void TokenDesk::bind(std::string_view token, ConnectionId connection) {
  const auto found = tokens_.find(token);
  if (found != tokens_.end()) found->second.connections.insert(connection);
}

void TokenDesk::release(ConnectionId connection) {
  for (auto& [text, token] : tokens_) token.connections.erase(connection);
}

}  // namespace ktape
