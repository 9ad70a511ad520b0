#include "core/wire/loopback.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"

namespace ktape {

// One connection: two queues, so that nobody is called from inside a call of their own.
class Loopback::Line final : public Transport, private FrameSink {
 public:
  Line(Loopback& loopback, ConnectionId id) : loopback_(loopback), id_(id) { loopback_.lines_.push_back(this); }
  ~Line() override {
    if (attached_) tell_exchange(FrameKind::Closed, CloseInfo{1006, "the client is gone"}.text());
    std::erase(loopback_.lines_, this);
  }

  void connect(const Endpoint& endpoint, FrameSink& inbound) override {
    KTAPE_ASSERT(!attached_ && !connecting_, "connect() while a connection stands or is under way");
    connecting_ = endpoint;
    client_ = &inbound;
  }

  void send(std::string_view text) override {
    if (!open_) return;
    to_exchange_.push_back({Direction::ToExchange, FrameKind::Text, std::string(text)});
    report(Direction::ToExchange, FrameKind::Text, text);
  }

  void close(const CloseInfo& why) override {
    if (connecting_) {
      connecting_.reset();
      to_client_.push_back({Direction::ToExchange, FrameKind::Closed, why.text()});
    } else if (open_) {
      open_ = false;
      to_exchange_.push_back({Direction::ToExchange, FrameKind::Closed, why.text()});
      to_client_.push_back({Direction::ToExchange, FrameKind::Closed, why.text()});
    }
  }

  // True if anything was delivered.
  bool deliver_to_client() {
    if (connecting_) {
      const Endpoint endpoint = *std::exchange(connecting_, std::nullopt);
      attached_ = true;
      open_ = true;
      loopback_.exchange_.attach(id_, endpoint, *this);
      report(Direction::FromExchange, FrameKind::Opened, endpoint.url());
      return true;
    }
    if (to_client_.empty()) return false;
    const Said said = std::move(to_client_.front());
    to_client_.pop_front();
    if (said.kind == FrameKind::Closed) {
      // The exchange hears of the end first: the client may connect again from its handler.
      while (deliver_to_exchange()) {
      }
      open_ = false;
      to_client_.clear();
    } else if (!open_) {
      return true;  // it was on its way while the client closed
    }
    if (said.kind == FrameKind::Ping) to_exchange_.push_back({Direction::ToExchange, FrameKind::Pong, said.payload});
    report(said.direction, said.kind, said.payload);
    return true;
  }

  bool deliver_to_exchange() {
    if (to_exchange_.empty()) return false;
    const Said said = std::move(to_exchange_.front());
    to_exchange_.pop_front();
    if (attached_) tell_exchange(said.kind, said.payload);
    return true;
  }

 private:
  struct Said {
    Direction direction;
    FrameKind kind;
    std::string payload;
  };

  // From the exchange.
  void on_frame(const Frame& frame) override {
    if (!attached_) return;
    if (frame.kind == FrameKind::Closed) {
      attached_ = false;
      to_exchange_.clear();
      if (!open_) return;  // both closed: the client has its own Closed frame on the way
    }
    to_client_.push_back({frame.direction, frame.kind, std::string(frame.payload)});
  }

  void report(Direction direction, FrameKind kind, std::string_view payload) {
    client_->on_frame({loopback_.client_clock_.now(), id_, direction, kind, payload});
  }

  void tell_exchange(FrameKind kind, std::string_view payload) {
    if (kind == FrameKind::Closed) attached_ = false;
    loopback_.exchange_.on_frame({loopback_.exchange_clock_.now(), id_, Direction::ToExchange, kind, payload});
  }

  Loopback& loopback_;
  ConnectionId id_;
  FrameSink* client_ = nullptr;
  std::optional<Endpoint> connecting_;
  bool attached_ = false;  // the exchange knows this connection
  bool open_ = false;      // the client may talk
  std::deque<Said> to_client_;
  std::deque<Said> to_exchange_;
};

Loopback::Loopback(Exchange& exchange, VirtualClock& client_clock, VirtualClock& exchange_clock)
    : exchange_(exchange), client_clock_(client_clock), exchange_clock_(exchange_clock) {}

Loopback::~Loopback() { KTAPE_ASSERT(lines_.empty(), "a transport outlives its loopback"); }

std::unique_ptr<Transport> Loopback::make_transport(ConnectionId connection) {
  return std::make_unique<Line>(*this, connection);
}

std::optional<Timestamp> Loopback::next_deadline() const {
  const auto client = client_clock_.next_deadline();
  const auto exchange = exchange_clock_.next_deadline();
  if (!client) return exchange;
  if (!exchange) return client;
  return std::min(*client, *exchange);
}

bool Loopback::deliver() {
  // By index: a handler may make or drop a transport.
  bool any = false;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    Line* const line = lines_[i];
    while (i < lines_.size() && lines_[i] == line && line->deliver_to_client()) any = true;
  }
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    Line* const line = lines_[i];
    while (i < lines_.size() && lines_[i] == line && line->deliver_to_exchange()) any = true;
  }
  return any;
}

void Loopback::go_to(Timestamp instant) {
  client_clock_.advance_to(instant);
  exchange_clock_.advance_to(instant);
  while (deliver()) {
  }
}

bool Loopback::step() {
  if (deliver()) return true;
  const auto next = next_deadline();
  if (!next) return false;
  go_to(*next);
  return true;
}

void Loopback::run_until(Timestamp end) {
  while (deliver()) {
  }
  for (auto next = next_deadline(); next && *next <= end; next = next_deadline()) go_to(*next);
  client_clock_.advance_to(end);
  exchange_clock_.advance_to(end);
}

void Loopback::run() {
  while (step()) {
  }
}

}  // namespace ktape
