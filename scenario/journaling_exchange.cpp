#include "scenario/journaling_exchange.hpp"

#include <utility>

#include <fmt/format.h>

namespace ktape::scenario {
namespace {

std::string path_of(std::string_view target) { return std::string(target.substr(0, target.find('?')).substr(0, 200)); }

// What is wrong on the way there and back is told by code 1006 with a reason of the operating system, which may differ
// from run to run.
JournalEntry close_entry(std::uint32_t connection, const CloseInfo& why, bool by_client) {
  const bool has_reason = why.code != 1006 || !by_client;
  return {.event = JournalEvent::Close,
          .connection = connection,
          .code = why.code,
          .by = by_client ? "client" : "server",
          .text = has_reason ? why.reason : ""};
}

// {"error":["EAPI:Invalid key"]}: what Spot says in place of a result.
std::string_view error_in(std::string_view body) {
  constexpr std::string_view kBegin = R"({"error":[")";
  if (!body.starts_with(kBegin)) return {};
  body.remove_prefix(kBegin.size());
  return body.substr(0, body.find('"')).substr(0, 200);
}

}  // namespace

void JournalingExchange::attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) {
  ended_.clear();
  const std::uint32_t number = ++last_;
  ++totals_.connects;
  Session session{.connection = number, .endpoint = endpoint, .opened_at = clock_.now()};
  Line& line =
      *lines_.emplace(number, std::make_unique<Line>(*this, connection, client, std::move(session))).first->second;
  numbers_[connection] = number;
  inner_.attach(ConnectionId{number}, endpoint, line);
  journal_.add(
      {.event = JournalEvent::Connect, .connection = number, .host = endpoint.host, .path = path_of(endpoint.target)});
}

void JournalingExchange::on_frame(const Frame& frame) {
  ended_.clear();
  const auto number = numbers_.find(frame.connection);
  if (number == numbers_.end()) return;  // what a client said while it was being closed
  const std::uint32_t connection = number->second;
  Line& line = *lines_.at(connection);
  switch (frame.kind) {
    case FrameKind::Opened:
      return;
    case FrameKind::Text:
    case FrameKind::Binary:
      ++line.session.received;
      ++totals_.received;
      note_message(JournalEvent::Message, line.session, frame.payload);
      break;
    case FrameKind::Ping:
    case FrameKind::Pong:
      journal_.add({.event = frame.kind == FrameKind::Ping ? JournalEvent::Ping : JournalEvent::Pong,
                    .connection = connection,
                    .text = std::string(frame.payload)});
      break;
    case FrameKind::Closed:
      end(line, CloseInfo::parse(frame.payload).value_or(CloseInfo{}), !line.is_condemned);
      break;
  }
  Frame inside = frame;
  inside.connection = ConnectionId{connection};
  inner_.on_frame(inside);
}

void JournalingExchange::told(Line& line, const Frame& frame) {
  if (line.ended) return;
  Frame outside = frame;
  outside.connection = line.outer;
  if (frame.kind == FrameKind::Closed) {
    end(line, CloseInfo::parse(frame.payload).value_or(CloseInfo{}), false);
    line.client.on_frame(outside);
    return;
  }
  if (frame.kind == FrameKind::Text || frame.kind == FrameKind::Binary) {
    ++line.session.sent;
    ++totals_.sent;
    line.session.sent_bytes += frame.payload.size();
    if (may_change_subscriptions(frame.payload)) take_answer(line.session, frame.payload);
    if (journal_.wants_sent()) note_message(JournalEvent::Sent, line.session, frame.payload);
  }
  line.client.on_frame(outside);
}

void JournalingExchange::take_answer(Session& session, std::string_view text) {
  const MessageFacts facts = reader_.read(text);
  if (!facts.success.value_or(false) || facts.channel.empty()) return;
  const bool ends = text.find("nsubscribe") != text.npos;
  const auto change = [&](std::string name) {
    if (ends) {
      session.subscriptions.erase(name);
    } else {
      session.subscriptions.insert(std::move(name));
    }
  };
  if (facts.symbols.empty()) change(facts.channel);
  for (const std::string& symbol : facts.symbols) change(fmt::format("{} {}", facts.channel, symbol));
}

void JournalingExchange::note_message(JournalEvent event, const Session& session, std::string_view text) {
  MessageFacts facts = reader_.read(text);
  journal_.add({.event = event,
                .connection = session.connection,
                .method = std::move(facts.method),
                .channel = std::move(facts.channel),
                .symbols = std::move(facts.symbols),
                .success = facts.success,
                .text = std::string(text)});
}

void JournalingExchange::end(Line& line, const CloseInfo& why, bool by_client) {
  line.ended = true;
  const std::uint32_t connection = line.session.connection;
  numbers_.erase(line.outer);
  ended_.push_back(std::move(lines_.at(connection)));
  lines_.erase(connection);
  JournalEntry entry = close_entry(connection, why, by_client);
  ++(entry.by == "client" ? totals_.closed_by_client : totals_.closed_by_server);
  journal_.add(std::move(entry));
}

void JournalingExchange::note_verdict(ConnectionId outer) {
  if (const auto number = numbers_.find(outer); number != numbers_.end())
    lines_.at(number->second)->is_condemned = true;
}

void JournalingExchange::note_refusal(const Endpoint& endpoint, unsigned status) {
  ++totals_.refusals;
  journal_.add({.event = JournalEvent::Refusal,
                .host = endpoint.host,
                .path = path_of(endpoint.target),
                .code = static_cast<std::uint16_t>(status)});
}

void JournalingExchange::note_call(const net::HttpRequest& request, const net::HttpResponse& response) {
  ++totals_.calls;
  const auto query = request.target.find('?');
  std::string parameters = query == std::string::npos ? "" : request.target.substr(query);
  if (!request.body.empty()) {
    if (request.body.front() == '{') {
      parameters += request.body;
    } else {
      // As a query, whose secrets are found.
      parameters += (parameters.empty() ? "?" : "&") + request.body;
    }
  }
  std::string host(net::find_header(request.headers, "Host"));
  if (const auto endpoint = Endpoint::parse("ws://" + host + "/")) host = endpoint->host;
  journal_.add({.event = JournalEvent::Call,
                .host = host.substr(0, 200),
                .path = path_of(request.target),
                .method = request.method,
                .code = static_cast<std::uint16_t>(response.status),
                .name = std::string(error_in(response.body)),
                .text = std::move(parameters)});
}

bool JournalingExchange::close(std::uint32_t connection, const CloseInfo& why) {
  ended_.clear();
  const auto found = lines_.find(connection);
  if (found == lines_.end()) return false;
  Line& line = *found->second;
  end(line, why, false);
  const std::string text = why.text();
  const Timestamp now = clock_.now();
  inner_.on_frame({now, ConnectionId{connection}, Direction::ToExchange, FrameKind::Closed, text});
  line.client.on_frame({now, line.outer, Direction::FromExchange, FrameKind::Closed, text});
  return true;
}

void JournalingExchange::close_all(const CloseInfo& why) {
  for (const Session& session : sessions()) close(session.connection, why);
}

ConnectionId JournalingExchange::inner_number(ConnectionId outer) const {
  const auto number = numbers_.find(outer);
  return ConnectionId{number == numbers_.end() ? 0U : number->second};
}

std::vector<Session> JournalingExchange::sessions() const {
  std::vector<Session> all;
  for (const auto& [number, line] : lines_) all.push_back(line->session);
  return all;
}

}  // namespace ktape::scenario
