#include "relay/relay_exchange.hpp"

#include <deque>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "net/time_ping.hpp"

namespace ktape {

// One client and its upstream. The client goes first or the upstream does; the link ends with the upstream.
class RelayExchange::Link final : public FrameSink {
 public:
  Link(RelayExchange& relay, ConnectionId number, ConnectionId outer, FrameSink& client)
      : relay_(relay), number_(number), outer_(outer), client_(&client) {}

  ConnectionId number() const { return number_; }

  void connect(RelayOptions::Way way) {
    upstream_ = std::move(way.upstream);
    upstream_->connect(way.endpoint, *this);
  }

  // What the client says.
  void say(FrameKind kind, std::string_view payload) {
    if (kind == FrameKind::Closed) leave();
    if (open_) return pass_on(kind, payload);
    if (kind == FrameKind::Closed && early_.empty()) return pass_on(kind, payload);
    early_bytes_ += payload.size() + kBytesPerFrame;
    if (early_bytes_ <= relay_.options_.max_early_bytes) {
      early_.push_back({kind, std::string(payload)});
      return;
    }
    const CloseInfo why{1008, fmt::format("said more than {} bytes before the exchange could be reached",
                                          relay_.options_.max_early_bytes)};
    early_.clear();
    dismiss(why);
    upstream_->close(why);
  }

 private:
  struct Said {
    FrameKind kind;
    std::string payload;
  };
  static constexpr std::size_t kBytesPerFrame = 64;  // of memory, beside the payload

  // What happens on the upstream.
  void on_frame(const Frame& frame) override {
    if (!relay_.is_clock(frame)) relay_.recorder_.on_frame(frame);
    if (frame.kind == FrameKind::Closed) {
      dismiss(ending(frame.payload));
      return relay_.end(*this);  // destroys this
    }
    if (frame.direction == Direction::ToExchange) return;  // what was passed on
    if (frame.kind != FrameKind::Opened) return tell(frame.kind, frame.payload);
    open_ = true;
    for (const Said& said : std::exchange(early_, {})) pass_on(said.kind, said.payload);
  }

  void pass_on(FrameKind kind, std::string_view payload) {
    if (kind != FrameKind::Closed) return upstream_->send(kind, payload);
    upstream_->close(CloseInfo::parse(payload).value_or(CloseInfo{1006, "the client is gone"}));
  }

  // How the client hears of an end: as the exchange has ended it, or why there never was a beginning.
  CloseInfo ending(std::string_view text) const {
    CloseInfo info = CloseInfo::parse(text).value_or(CloseInfo{1006, std::string(text)});
    if (!open_) info.code = 1013;
    return info;
  }

  void tell(FrameKind kind, std::string_view payload) {
    if (client_ == nullptr) return;
    client_->on_frame({relay_.clock_.now(), outer_, Direction::FromExchange, kind, payload});
  }

  void dismiss(const CloseInfo& why) {
    if (client_ == nullptr) return;
    FrameSink& client = *client_;
    leave();
    client.on_frame({relay_.clock_.now(), outer_, Direction::FromExchange, FrameKind::Closed, why.text()});
  }

  void leave() {
    client_ = nullptr;
    relay_.clients_.erase(outer_);
  }

  RelayExchange& relay_;
  ConnectionId number_;
  ConnectionId outer_;
  FrameSink* client_;  // nobody: it has gone, or was sent away
  std::unique_ptr<Upstream> upstream_;
  bool open_ = false;
  std::deque<Said> early_;  // what waits for the upstream
  std::size_t early_bytes_ = 0;
};

RelayExchange::RelayExchange(const Clock& clock, FrameSink& recorder, RelayOptions options)
    : clock_(clock), recorder_(recorder), options_(std::move(options)) {
  KTAPE_ASSERT(options_.way, "a relay that leads nowhere");
}

RelayExchange::~RelayExchange() = default;

void RelayExchange::attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) {
  std::uint32_t lowest = 1;
  for (const auto& [number, link] : links_) {
    if (number != ConnectionId{lowest}) break;
    ++lowest;
  }
  const ConnectionId number{lowest};
  Link& link = *links_.emplace(number, std::make_unique<Link>(*this, number, connection, client)).first->second;
  clients_[connection] = &link;
  link.connect(options_.way(number, endpoint));
}

void RelayExchange::on_frame(const Frame& frame) {
  const auto client = clients_.find(frame.connection);
  if (client != clients_.end()) client->second->say(frame.kind, frame.payload);
}

void RelayExchange::end(Link& link) { links_.erase(link.number()); }

bool RelayExchange::is_clock(const Frame& frame) const {
  if (!options_.server_keeps_time || (frame.kind != FrameKind::Ping && frame.kind != FrameKind::Pong)) return false;
  return net::parse_time_ping(frame.payload).has_value();
}

}  // namespace ktape
