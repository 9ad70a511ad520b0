#include "cli/record/exchange_link.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ktape::cli {

ExchangeLink::Line ExchangeLink::websocket(LiveLoop& loop, ConnectionId connection, const WebSocketOptions& options) {
  auto transport = std::make_unique<WebSocketTransport>(loop, connection, options);
  const WebSocketTransport& socket = *transport;
  return {.transport = std::move(transport), .failure = [&socket] { return socket.failure(); }, .overheard = false};
}

ExchangeLink::ExchangeLink(Surroundings& around, ConnectionId connection, std::size_t feed, Dialect dialect,
                           ClientOptions options, EventSink* log, Line line)
    : around_(around),
      connection_(connection),
      feed_(feed),
      dialect_(dialect),
      url_(options.endpoint.url()),
      log_(log),
      line_(std::move(line)),
      counted_(around.metrics, around.output),
      recorded_(*line_.transport, counted_),
      codec_(make_codec(dialect)),
      client_(*this, *codec_, around.loop.clock(), *this, own(std::move(options))) {}

ClientOptions ExchangeLink::own(ClientOptions options) {
  if (options.authoriser != nullptr) options.notices = this;
  return options;
}

void ExchangeLink::subscribe(const Subscription& subscription) {
  const auto asked = client_.subscribe(subscription);
  if (asked) return;
  ++figures_.refused;
  around_.say(named(fmt::format("ktape: refused: {}", asked.error().detail)));
}

void ExchangeLink::subscribe_if_possible(const Subscription& subscription) {
  instrument_optional_ = subscription.channel == Channel::Instrument;
  subscribe(subscription);
}

void ExchangeLink::stop() {
  stopping_ = true;
  client_.stop();
}

std::optional<Error> ExchangeLink::hopeless() const {
  auto failure = line_.failure();
  if (figures_.connects > 0 || !failure || failure->code != Errc::Tls) return std::nullopt;
  return Error{Errc::Tls, fmt::format("{}: {}", url_, failure->detail)};
}

LinkFigures ExchangeLink::figures() const {
  LinkFigures out = figures_;
  out.connection = connection_;
  out.url = url_;
  out.connected = client_.connected();
  out.checksums_verified = client_.stats().checksums_verified;
  out.checksums_failed = client_.stats().checksums_failed;
  out.sequences_verified = client_.stats().sequences_verified;
  out.sequences_failed = client_.stats().sequences_failed + client_.stats().sequence_gaps;
  out.trade_gaps = client_.stats().trade_gaps;
  return out;
}

// ---- frames

void ExchangeLink::connect(const Endpoint& endpoint, FrameSink& inbound) {
  inbound_ = &inbound;
  recorded_.connect(endpoint, *this);
}

void ExchangeLink::on_frame(const Frame& frame) {
  // Whatever quotes these later is redacted.
  if (frame.direction == Direction::ToExchange || frame.kind == FrameKind::Opened) {
    around_.redactor.redact(frame.payload);
  }
  if (frame.kind == FrameKind::Opened) {
    heartbeats_ = false;
    url_ = std::string(frame.payload);
    ++figures_.connects;
  } else if (frame.direction == Direction::FromExchange && frame.kind != FrameKind::Closed) {
    if (heartbeats_ && frame.at - heard_at_ > kStaleAfter) {
      ++figures_.stale_spans;
      note("stale", fmt::format("not a word for {}, from {} on", format_duration(frame.at - heard_at_),
                                format_rfc3339(heard_at_)));
    }
  } else if (frame.kind == FrameKind::Closed) {
    const bool farewell = line_.overheard && frame.direction == Direction::ToExchange;
    lost_ = client_.connected() && !stopping_ && !farewell;
    if (lost_) ++figures_.disconnects;
    if (!client_.connected()) ++figures_.failed_attempts;
  }
  if (frame.direction == Direction::FromExchange) heard_at_ = frame.at;
  inbound_->on_frame(frame);
  if (frame.kind == FrameKind::Closed) around_.closed(*this);
}

// ---- events

void ExchangeLink::on_event(const Event& event) {
  if (log_ != nullptr) log_->on_event(event);
  around_.metrics.measure(event);
  std::visit(
      [this](const auto& what) {
        if constexpr (requires { this->take(what); }) take(what);
      },
      event);
  if (std::holds_alternative<Heartbeat>(event)) heartbeats_ = true;
  if (const auto* update = std::get_if<InstrumentUpdate>(&event)) around_.instruments(*this, *update);
}

void ExchangeLink::take(const Reply& reply) {
  // What others are refused is their own business, and in the recording.
  if (reply.success || reply.method == "pong" || line_.overheard) return;
  const std::string what = fmt::format("refused: {} {} {}: {}", reply.method, reply.channel, reply.symbol, reply.error);
  // A refusal names no channel; that of `instrument` has no symbol either, and nothing else is asked for without one.
  if (instrument_optional_ && reply.method == "subscribe" && reply.symbol.empty()) {
    instrument_optional_ = false;
    around_.say(named(fmt::format("{} (the session goes on without instruments)", what)));
    return;
  }
  ++figures_.refused;
  around_.say(named("ktape: " + what));
}

void ExchangeLink::take(const LinkChange& change) {
  if (change.state == LinkState::Up) return around_.say(named(fmt::format("connected to {}", change.detail)));
  if (hopeless()) return;  // the end of the run, which is told once
  around_.say(named(fmt::format("disconnected: {}", change.detail)));
  if (!lost_) return;
  // What no frame says: why this end gave up.
  if (change.detail.find("nothing heard for") != std::string_view::npos) {
    ++figures_.stale_spans;
    note("stale", std::string(change.detail));
  }
  around_.output.trigger({TriggerKind::Disconnect, fmt::format("{}: {}", url_, change.detail)});
}

void ExchangeLink::take(const BookStateChange& change) {
  if (change.state != BookState::Invalid) return;
  around_.say(named(fmt::format("ktape: {}", change.reason)));
  // Books of Futures have numbers in place of checksums.
  const bool numbered = dialect_ == Dialect::FuturesV1;
  note(numbered ? "sequence_gap" : "checksum_mismatch", fmt::format("{}: {}", change.symbol, change.reason));
  around_.output.trigger({numbered ? TriggerKind::Sequence : TriggerKind::Checksum, std::string(change.reason)});
}

void ExchangeLink::take(const TradeGap& gap) {
  const std::string what =
      fmt::format("{}: trades {} to {} are missing", gap.symbol, gap.expected_id, gap.received_id - 1);
  around_.say(named("ktape: " + what));
  note("trade_gap", what);
  around_.output.trigger({TriggerKind::TradeGap, what});
}

void ExchangeLink::take(const SequenceGap& gap) {
  const std::string what =
      fmt::format("{}: messages {} to {} are missing", gap.channel, gap.expected, gap.received - 1);
  around_.say(named("ktape: " + what));
  note("sequence_gap", what);
  around_.output.trigger({TriggerKind::Sequence, what});
}

void ExchangeLink::failed(const Error& what) {
  ++figures_.refused;
  around_.say(named("ktape: " + what.detail));
}

void ExchangeLink::take(const RequestUnanswered& request) {
  ++figures_.unanswered;
  note("no_answer", fmt::format("request {} ({}{}{}) has no answer: {}", request.request_id, request.method,
                                request.channel.empty() ? "" : " ", request.channel, request.reason));
}

void ExchangeLink::note(std::string_view name, std::string text) {
  if (text.size() > kMaxNoteBytes) text.resize(kMaxNoteBytes);  // symbols come from the other side
  around_.output.annotate({.at = around_.loop.clock().now(),
                           .connection = connection_,
                           .name = std::string(name),
                           .text = std::move(text)});
}

std::string ExchangeLink::named(std::string_view text) const {
  return connection_ == ConnectionId{1}
             ? std::string(text)
             : fmt::format("{} (connection {})", text, static_cast<std::uint32_t>(connection_));
}

}  // namespace ktape::cli
