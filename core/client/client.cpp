#include "core/client/client.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ktape {

Client::Client(Transport& transport, Codec& codec, TimerService& timers, EventSink& events, ClientOptions options)
    : transport_(transport),
      codec_(codec),
      timers_(timers),
      options_(std::move(options)),
      events_(events, options_.notices),
      reconnect_(options_.reconnect, options_.seed),
      streams_(events_),
      market_(timers, events_, streams_, options_.candles, options_.book_recovery,
              [this](Channel channel, const std::string& symbol) { recover(channel, symbol); }),
      account_(events_, streams_, [this](Channel channel) { recover(channel, {}); }),
      session_(timers, options_.authoriser, options_.notices, codec.signs_challenges(), options_.session_retry,
               [this](Request request) {
                 if (request.request_id == 0) request.request_id = next_request_id_++;
                 queue(request);
               }),
      queue_(timers, options_.pace, [this](const std::string& text) { transport_.send(text); }) {}

Client::~Client() = default;

void Client::start() {
  if (std::exchange(started_, true)) return;
  transport_.connect(options_.endpoint, *this);
}

void Client::stop() {
  stopped_ = true;
  connect_timer_.cancel();
  transport_.close({1000, ""});
}

std::vector<StreamInfo> Client::active_subscriptions() const {
  std::vector<StreamInfo> active;
  for (const auto& [key, stream] : streams_.all()) {
    if (stream.confirmed) active.push_back(stream);
  }
  return active;
}

ClientStats Client::stats() const {
  ClientStats stats;
  stats.messages = messages_;
  stats.sequence_gaps = account_.sequence_gaps();
  stats.duplicate_updates = account_.repeated();
  stats.handler_failures = events_.failures();
  market_.count_in(stats);
  return stats;
}

// ---- the life of the connection

void Client::on_frame(const Frame& frame) {
  if (options_.frames != nullptr) options_.frames->on_frame(frame);
  if (frame.direction == Direction::ToExchange) {
    if (frame.kind == FrameKind::Text) sent(frame.payload);
    if (frame.kind == FrameKind::Closed) closed(frame.payload);
    return;
  }
  last_heard_ = frame.at;
  if (streams_.any_stale() && frame.kind != FrameKind::Closed) {
    market_.heard_again();
    streams_.heard_again(frame.at);
    if (heard_data_) set_silence_timer();
  }
  switch (frame.kind) {
    case FrameKind::Opened:
      opened(frame.payload);
      break;
    case FrameKind::Text:
      ++messages_;
      account_.next_message();
      codec_.decode(frame.payload, *this);
      break;
    case FrameKind::Binary:
      on_event(UnknownMessage{"a binary message"});
      break;
    case FrameKind::Ping:
    case FrameKind::Pong:
      break;
    case FrameKind::Closed:
      closed(frame.payload);
      break;
  }
}

void Client::opened(std::string_view url) {
  connected_ = true;
  heard_data_ = false;
  heard_heartbeat_ = false;
  opened_at_ = timers_.now();
  attempts_ = 0;
  session_.opened();
  codec_.reset();
  events_.on_event(LinkChange{LinkState::Up, url});
  subscribe_all();
  set_ping_timer();
}

void Client::closed(std::string_view why) {
  const Timestamp now = timers_.now();
  if (connected_) {
    lost_at_ = now;
    reconnect_.stood_for(now - opened_at_);
  }
  connected_ = false;
  unanswered_.clear();
  finished_.clear();
  overtaken_.clear();
  later_.clear();
  ping_timer_.cancel();
  silence_timer_.cancel();
  market_.interrupted();

  events_.on_event(LinkChange{LinkState::Down, why});
  streams_.connection_lost(now);
  market_.connection_lost();
  account_.connection_lost();
  for (const auto& [id, pending] : std::exchange(pending_, {})) {
    if (pending.request.method != Method::Ping) unanswered(pending.request, "the connection was lost");
  }
  const Error not_sent{Errc::Io, "the connection was lost before"};
  queue_.clear([&](std::int64_t id) {
    if (options_.notices != nullptr) options_.notices->not_sent(id, not_sent);
  });
  session_.closed(not_sent);

  if (stopped_ || !options_.reconnects) return;
  const Duration delay = reconnect_.next_delay(now);
  if (options_.notices != nullptr) options_.notices->retrying(++attempts_, delay);
  connect_after(delay);
}

void Client::connect_after(Duration delay) {
  connect_timer_ =
      timers_.at(timers_.now() + delay, [this](Timestamp) { transport_.connect(options_.endpoint, *this); });
}

void Client::set_ping_timer() {
  ping_timer_ = timers_.at(timers_.now() + options_.ping_interval, [this](Timestamp) {
    say({.method = Method::Ping, .request_id = 0, .subscription = {}});
    set_ping_timer();
  });
}

// Looks once per period instead of moving a timer with each message.
void Client::set_silence_timer() {
  const Duration patience =
      streams_.any_stale() ? options_.silence_timeout : std::min(options_.stale_after, options_.silence_timeout);
  silence_timer_ = timers_.at(std::max(timers_.now(), last_heard_ + patience), [this](Timestamp now) {
    if (streams_.all().empty()) {  // after the last unsubscription heartbeats stop (spot-v1 section 3.2)
      heard_data_ = false;
      return;
    }
    const Duration silent = now - last_heard_;
    if (silent >= options_.silence_timeout) {
      transport_.close({1000, fmt::format("nothing heard for {}", format_duration(silent))});
      return;
    }
    if (silent >= options_.stale_after && !streams_.any_stale()) {
      fell_silent(fmt::format("nothing heard for {}", format_duration(silent)));
    }
    set_silence_timer();
  });
}

void Client::fell_silent(std::string_view why) {
  // Where heartbeats were heard, their absence means that something is lost. An archive that was kept without them is
  // silent whenever nothing was traded.
  if (heard_heartbeat_) market_.interrupted();
  streams_.fell_silent(why, timers_.now());
}

// ---- events

void Client::on_event(const Event& event) {
  std::visit(
      [this, &event](const auto& what) {
        if constexpr (requires { this->take(what); }) {
          take(what);
        } else if constexpr (requires { market_.take(what); }) {
          market_.take(what);
        } else if constexpr (requires { account_.take(what); }) {
          account_.take(what);
        } else {
          events_.on_event(event);
        }
      },
      event);
}

void Client::take(const Heartbeat& heartbeat) {
  heard_heartbeat_ = true;
  if (!std::exchange(heard_data_, true)) set_silence_timer();
  events_.on_event(heartbeat);
}

void Client::fail(const Error& what) {
  if (options_.notices != nullptr) options_.notices->failed(what);
}

}  // namespace ktape
