#include "mock_server/client_link.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "net/time_ping.hpp"

namespace ktape {
namespace {

net::WebSocketLimits limits_of(const MockServerOptions& options) {
  net::WebSocketLimits limits;
  limits.max_message_bytes = options.max_message_bytes;
  limits.handshake_timeout = options.handshake_timeout;
  limits.close_timeout = options.close_timeout;
  return limits;
}

}  // namespace

void ServerCore::add(net::ByteStream stream, Endpoint local, std::string client_address) {
  const ConnectionId id{++last_id};
  clients.emplace(
      id, std::make_unique<ClientLink>(*this, id, std::move(stream), std::move(local), std::move(client_address)));
}

void ServerCore::remove(ClientLink& client) { clients.erase(client.id()); }

bool ServerCore::anybody_attached() const {
  return std::any_of(clients.begin(), clients.end(), [](const auto& entry) { return entry.second->attached(); });
}

void ServerCore::attach(ClientLink& client) {
  client.set_attached();
  exchange.attach(client.id(), client.endpoint(), client);
}

void ServerCore::hand_over(ClientLink& client, FrameKind kind, std::string_view payload) {
  exchange.on_frame({clock.now(), client.id(), Direction::ToExchange, kind, payload});
}

void ServerCore::pass(Timestamp instant) {
  if (options.announce_time) {
    for (const auto& [id, client] : clients) {
      if (client->attached()) client->send_time_ping(instant);
    }
  }
  clock.advance_to(instant);
}

ClientLink::ClientLink(ServerCore& core, ConnectionId id, net::ByteStream stream, Endpoint local, std::string address)
    : core_(core),
      id_(id),
      endpoint_(std::move(local)),
      address_(std::move(address)),
      socket_(std::move(stream), limits_of(core.options), static_cast<net::WebSocketEvents&>(*this)) {
  socket_.accept([this](const net::UpgradeRequest& request) { return check(request); },
                 core_.options.answer_http || core_.options.forward_http
                     ? net::HttpAnswerer([this](const net::HttpRequest& request, net::HttpReply reply) {
                         return answer(request, std::move(reply));
                       })
                     : nullptr);
}

// The Host header tells public from private hosts; without a usable one it is the address that was connected to.
Endpoint ClientLink::endpoint_asked_for(const std::string& host, const std::string& target) const {
  const std::string scheme = endpoint_.secure ? "wss://" : "ws://";
  if (auto asked = Endpoint::parse(scheme + host + target)) return std::move(*asked);
  Endpoint local = endpoint_;
  local.target = target;
  return local;
}

// Paths and methods; Origin and User-Agent differ from client to client and are nobody's business.
std::optional<net::HttpRefusal> ClientLink::check(const net::UpgradeRequest& request) const {
  if (request.is_upgrade && core_.options.refuses_upgrade) {
    std::optional<net::HttpRefusal> refusal;
    core_.pace->at_present(
        [&] { refusal = core_.options.refuses_upgrade(endpoint_asked_for(request.host, request.target), address_); });
    if (refusal) return refusal;
  }
  const std::string path = request.target.substr(0, std::min(request.target.find('?'), std::size_t{200}));
  if (!path.starts_with('/') || !core_.options.accepts(endpoint_asked_for(request.host, request.target))) {
    return net::HttpRefusal{404, fmt::format("no websocket at {}\n", path), {}};
  }
  if (!request.is_upgrade) {
    return net::HttpRefusal{
        426, "this is a websocket: ask for an upgrade\n", {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}}};
  }
  return std::nullopt;
}

bool ClientLink::answer(const net::HttpRequest& request, net::HttpReply reply) {
  if (core_.options.answer_http) {
    std::optional<net::HttpResponse> response;
    core_.pace->at_present([&] { response = core_.options.answer_http(request); });
    if (response) {
      reply(*response);
      return true;
    }
  }
  return core_.options.forward_http && core_.options.forward_http(request, std::move(reply));
}

void ClientLink::on_frame(const Frame& frame) {
  if (released_) return;
  if (frame.kind == FrameKind::Opened) return;  // the upgrade has told it
  if (frame.kind == FrameKind::Closed) {
    released_ = true;
    release_all();
    core_.sent = true;
    socket_.close(CloseInfo::parse(frame.payload).value_or(CloseInfo{1011, "a close without a code"}));
    return;
  }
  const bool is_message = frame.kind == FrameKind::Text || frame.kind == FrameKind::Binary;
  auto pieces = is_message && core_.options.pieces_of ? core_.options.pieces_of(id_) : std::vector<MessagePiece>();
  const std::uint64_t begin = socket_.position();
  if (!socket_.send(frame.kind, frame.payload)) return;
  if (pieces.size() > 1) hold_back(pieces, begin + (socket_.position() - begin - frame.payload.size()));
  core_.sent = true;
  if (socket_.queued_bytes() > core_.options.max_queued_bytes) {
    close({1008, fmt::format("too slow: more than {} bytes unsent", core_.options.max_queued_bytes)});
  }
}

// `begin` is behind the frame's header, which leaves with the first piece.
void ClientLink::hold_back(const std::vector<MessagePiece>& pieces, std::uint64_t begin) {
  const bool is_first = cuts_.empty();
  Timestamp due = is_first ? core_.clock.now() : std::max(core_.clock.now(), cuts_.back().due);
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    begin += pieces[i].bytes;
    due += pieces[i + 1].delay;
    cuts_.push_back({begin, due});
  }
  if (is_first) release_pieces();
}

void ClientLink::release_pieces() {
  while (!cuts_.empty() && cuts_.front().due <= core_.clock.now()) cuts_.pop_front();
  if (cuts_.empty()) return socket_.let_go();
  socket_.hold_at(cuts_.front().position);
  next_piece_ = core_.clock.at(cuts_.front().due, [this](Timestamp) { release_pieces(); });
}

// A connection that ends has no more time for it.
void ClientLink::release_all() {
  next_piece_.cancel();
  cuts_.clear();
}

void ClientLink::send_time_ping(Timestamp at) { socket_.send(FrameKind::Ping, net::time_ping(at)); }

void ClientLink::close(const CloseInfo& why) {
  if (std::exchange(closing_, true)) return;
  verdict_ = why;
  if (attached_ && !released_ && core_.options.ends_connection) core_.options.ends_connection(id_);
  release_all();
  socket_.close(why);
}

void ClientLink::on_open(const net::UpgradeRequest& request) {
  endpoint_ = endpoint_asked_for(request.host, request.target);
  core_.pace->client_ready(*this);
}

void ClientLink::on_message(FrameKind kind, std::string_view payload) {
  if (!released_) core_.pace->client_said(*this, kind, payload);
}

void ClientLink::on_end(const net::Ending& ending) {
  const CloseInfo info = verdict_.value_or(ending.info);
  if (verdict_ || (info.code == 1006 && !released_)) {
    core_.options.log(fmt::format("client {}: {}", static_cast<std::uint32_t>(id_), info.text()));
  }
  // The last words of either function destroy this link.
  if (attached_ && !released_) {
    core_.pace->client_gone(*this, info);
  } else {
    Pace* const pace = core_.pace;
    core_.remove(*this);
    pace->client_written();
  }
}

void ClientLink::on_written() { core_.pace->client_written(); }

}  // namespace ktape
