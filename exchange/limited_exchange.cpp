#include "exchange/limited_exchange.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "core/protocol/spot_v1/request.hpp"
#include "core/protocol/spot_v2/request.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"

namespace ktape {

// One client as the exchange sees it.
class LimitedExchange::Line final : public FrameSink {
 public:
  Line(LimitedExchange& owner, ConnectionId id, std::optional<Gateway> where, FrameSink& sink)
      : connection(id), gateway(where), client(sink), owner_(owner) {}

  void on_frame(const Frame& frame) override {
    if (frame.kind == FrameKind::Closed) {
      FrameSink& to = client;
      owner_.drop(connection);
      return to.on_frame(frame);
    }
    if (gateway != Gateway::Futures) active_at = frame.at;
    client.on_frame(frame);
  }

  const ConnectionId connection;
  const std::optional<Gateway> gateway;
  FrameSink& client;
  Timestamp active_at{};
  Timestamp second_began_at{};
  std::uint32_t requests = 0;  // within that second
  Timer idle;

 private:
  LimitedExchange& owner_;
};

LimitedExchange::LimitedExchange(TimerService& timers, Exchange& exchange, ClientLimits limits)
    : timers_(timers), exchange_(exchange), limits_(limits) {}

LimitedExchange::~LimitedExchange() = default;

void LimitedExchange::attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) {
  ended_.clear();
  auto& line = lines_[connection];
  line = std::make_unique<Line>(*this, connection, gateway_of(endpoint), client);
  line->active_at = line->second_began_at = timers_.now();
  if (limits_.idle_close) watch(connection, *line);
  exchange_.attach(connection, endpoint, *line);
}

void LimitedExchange::on_frame(const Frame& frame) {
  const auto at = lines_.find(frame.connection);
  if (at == lines_.end()) return;
  if (frame.kind == FrameKind::Closed) {
    drop(frame.connection);
    return exchange_.on_frame(frame);
  }
  Line& line = *at->second;
  line.active_at = timers_.now();
  if (frame.kind == FrameKind::Text && !allows(line)) return object(line, frame.payload);
  exchange_.on_frame(frame);
}

void LimitedExchange::watch(ConnectionId connection, Line& line) {
  line.idle = timers_.at(line.active_at + *limits_.idle_close, [this, connection](Timestamp now) {
    const auto at = lines_.find(connection);
    if (at == lines_.end()) return;
    if (at->second->active_at + *limits_.idle_close > now) return watch(connection, *at->second);
    close(connection, {1001, fmt::format("no activity for {}", format_duration(*limits_.idle_close))});
  });
}

bool LimitedExchange::allows(Line& line) {
  if (!limits_.requests_per_second) return true;
  const Timestamp now = timers_.now();
  if (now - line.second_began_at >= std::chrono::seconds(1)) {
    line.second_began_at = now;
    line.requests = 0;
  }
  return ++line.requests <= *limits_.requests_per_second;
}

// Spot v1's answer is known; of Spot v2 only its sentence, which stands here in the form of its other refusals.
void LimitedExchange::object(Line& line, std::string_view text) {
  constexpr std::string_view kTooFast = "Exceeded msg rate";
  switch (line.gateway.value_or(Gateway::SpotV2)) {
    case Gateway::Futures:
      return close(line.connection, {1008, std::string(kTooFast)});
    case Gateway::SpotV1:
    case Gateway::SpotV1Private:
    case Gateway::SpotV1Any: {
      const auto id = spot_v1::parse_request(text, spot_v1::Host::Any).request_id;
      return say(line, fmt::format(R"({{"errorMessage":"{}","event":"error"{}}})", kTooFast,
                                   id ? fmt::format(R"(,"reqid":{})", *id) : std::string()));
    }
    default:
      break;
  }
  const auto parsed = spot_v2::parse_request(text, spot_v2::Host::Any);
  Reply reply;
  reply.method = parsed.reply_method;
  reply.request_id = parsed.request_id;
  reply.error = kTooFast;
  reply.time_in = reply.time_out = timers_.now();
  std::string answer;
  spot_v2::append_reply(answer, reply);
  say(line, answer);
}

void LimitedExchange::say(Line& line, std::string_view text) {
  line.client.on_frame({timers_.now(), line.connection, Direction::FromExchange, FrameKind::Text, text});
}

void LimitedExchange::close(ConnectionId connection, const CloseInfo& why) {
  FrameSink& client = lines_.at(connection)->client;
  drop(connection);
  const std::string text = why.text();
  exchange_.on_frame({timers_.now(), connection, Direction::ToExchange, FrameKind::Closed, text});
  client.on_frame({timers_.now(), connection, Direction::FromExchange, FrameKind::Closed, text});
}

void LimitedExchange::drop(ConnectionId connection) {
  const auto at = lines_.find(connection);
  if (at == lines_.end()) return;
  at->second->idle.cancel();
  ended_.push_back(std::move(at->second));
  lines_.erase(at);
}

}  // namespace ktape
