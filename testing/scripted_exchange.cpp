#include "testing/scripted_exchange.hpp"

#include <utility>

namespace ktape::testing {
namespace {

constexpr std::string_view kPlace = "{req_id}";

// The number of a request, as its client has written it.
std::string request_id_in(std::string_view text) {
  for (const std::string_view key : {R"("req_id":)", R"("reqid":)"}) {
    const auto at = text.find(key);
    if (at == std::string_view::npos) continue;
    const auto begin = text.find_first_not_of(' ', at + key.size());
    if (begin == std::string_view::npos) continue;
    const auto end = text.find_first_not_of("0123456789", begin);
    if (end != begin) return std::string(text.substr(begin, end - begin));
  }
  return "null";
}

std::string filled(std::string text, const std::string& request_id) {
  for (auto at = text.find(kPlace); at != std::string::npos; at = text.find(kPlace, at + request_id.size())) {
    text.replace(at, kPlace.size(), request_id);
  }
  return text;
}

}  // namespace

void ScriptedExchange::answer(std::string part, std::vector<std::string> texts, Duration after) {
  rules_.push_back({std::move(part), std::move(texts), after});
}

void ScriptedExchange::tell(std::string_view text) {
  std::vector<ConnectionId> all;
  for (const auto& [connection, client] : clients_) all.push_back(connection);
  for (const ConnectionId connection : all) say(connection, FrameKind::Text, text);
}

void ScriptedExchange::close(const CloseInfo& why) {
  const std::string text = why.text();
  while (!clients_.empty()) say(clients_.begin()->first, FrameKind::Closed, text);
}

void ScriptedExchange::attach(ConnectionId connection, const Endpoint& /*endpoint*/, FrameSink& client) {
  clients_[connection] = &client;
  if (!greetings_.empty()) later(connection, greetings_, Duration::zero());
}

void ScriptedExchange::on_frame(const Frame& frame) {
  if (frame.kind == FrameKind::Closed) clients_.erase(frame.connection);
  if (frame.kind != FrameKind::Text) return;
  for (const Rule& rule : rules_) {
    if (frame.payload.find(rule.part) == std::string_view::npos) continue;
    const std::string id = request_id_in(frame.payload);
    std::vector<std::string> texts;
    for (const std::string& text : rule.texts) texts.push_back(filled(text, id));
    return later(frame.connection, std::move(texts), rule.after);
  }
}

void ScriptedExchange::later(ConnectionId to, std::vector<std::string> texts, Duration after) {
  const std::uint64_t number = next_pending_++;
  pending_[number] = timers_.at(timers_.now() + after, [this, number, to, texts = std::move(texts)](Timestamp) {
    const Timer done = std::move(pending_[number]);  // this handler: it must not go before it has ended
    pending_.erase(number);
    for (const std::string& text : texts) say(to, FrameKind::Text, text);
  });
}

void ScriptedExchange::say(ConnectionId to, FrameKind kind, std::string_view payload) {
  const auto found = clients_.find(to);
  if (found == clients_.end()) return;
  FrameSink& client = *found->second;
  if (kind == FrameKind::Closed) clients_.erase(found);
  client.on_frame({timers_.now(), to, Direction::FromExchange, kind, payload});
}

}  // namespace ktape::testing
