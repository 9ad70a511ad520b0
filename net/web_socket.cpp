#include "net/web_socket.hpp"

#include <algorithm>
#include <array>

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace ktape::net {

namespace beast = boost::beast;
namespace http = beast::http;
namespace ws = beast::websocket;

// How long a connection that is over for us waits for the other end to hang up too.
constexpr Duration kGoodbyeLimit = std::chrono::seconds(5);

// What Beast needs to know of the layer below: it finds these two by its type.
template <class Handler>
void async_teardown(beast::role_type, ByteStream& stream, Handler&& handler) {
  // std::function copies its target and Beast's handlers only move.
  auto held = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
  stream.finish(kGoodbyeLimit, [held] { std::move (*held)(error_code{}); });
}
inline void beast_close_socket(ByteStream& stream) { stream.abort(); }

namespace {

constexpr std::size_t kMaxHeaderBytes = 16384;
constexpr std::size_t kMaxControlBytes = 125;
// After a message larger than this, the receive buffer is given back.
constexpr std::size_t kKeepCapacityBytes = std::size_t{1} << 20U;

// RFC 6455 7.4: what an endpoint may send.
bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

// The reason of a close frame, cut to what fits without cutting a character.
std::string fitting_reason(std::string reason) {
  constexpr std::size_t kMaxReason = kMaxControlBytes - 2;
  if (reason.size() <= kMaxReason) return reason;
  std::size_t end = kMaxReason;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0U) == 0x80U) --end;
  reason.resize(end);
  return reason;
}

// A server's frame header: final, unmasked.
std::string_view frame_header(std::array<char, 10>& out, FrameKind kind, std::size_t payload_bytes) {
  const unsigned opcode = kind == FrameKind::Text     ? 1
                          : kind == FrameKind::Binary ? 2
                          : kind == FrameKind::Ping   ? 9
                                                      : 10;
  out[0] = static_cast<char>(0x80U | opcode);
  std::size_t length_bytes = 0;
  if (payload_bytes < 126) {
    out[1] = static_cast<char>(payload_bytes);
  } else {
    length_bytes = payload_bytes < 65536 ? 2 : 8;
    out[1] = static_cast<char>(length_bytes == 2 ? 126 : 127);
    for (std::size_t i = 0; i < length_bytes; ++i) {
      out[2 + i] = static_cast<char>(payload_bytes >> (8 * (length_bytes - 1 - i)) & 0xFFU);
    }
  }
  return {out.data(), 2 + length_bytes};
}

UpgradeRequest describe(const http::request<http::string_body>& request) {
  UpgradeRequest out;
  out.method = std::string(request.method_string());
  out.host = std::string(request[http::field::host]);
  out.target = std::string(request.target());
  out.is_upgrade = ws::is_upgrade(request);
  for (const auto name : http::token_list(request[http::field::sec_websocket_protocol])) {
    out.subprotocols.emplace_back(name);
  }
  return out;
}

HttpRequest requested_by(const http::request<http::string_body>& request) {
  HttpRequest out{.method = std::string(request.method_string()), .target = std::string(request.target())};
  for (const auto& field : request)
    out.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  out.body = request.body();
  return out;
}

}  // namespace

struct WebSocket::Impl : std::enable_shared_from_this<Impl> {
  enum class Stage { Handshake, Open, Closing, Ended };

  Impl(ByteStream&& stream, const WebSocketLimits& bounds, WebSocketEvents& listener)
      : limits(bounds), events(&listener), socket(std::move(stream)), timer(socket.get_executor()) {
    socket.read_message_max(limits.max_message_bytes);
    socket.auto_fragment(false);
    socket.binary(false);
    socket.set_option(ws::stream_base::timeout{ws::stream_base::none(), ws::stream_base::none(), false});
  }

  ByteStream& bytes() { return socket.next_layer(); }

  // Calls the listener, if it is still there.
  template <class Call>
  void tell(Call&& call) {
    if (events != nullptr) call(*events);
  }

  void start_timer(Duration limit, std::string what, std::uint16_t code = 1006) {
    timer.expires_after(limit);
    timer.async_wait([self = shared_from_this(), what = std::move(what), code](error_code error) {
      if (error || self->stage == Stage::Ended) return;
      self->fail_with({code, what}, self->stage == Stage::Closing);
    });
  }

  // --- the handshakes ---

  void connect(const UpgradeOffer& offer) {
    arm_writes();
    server = false;
    start_timer(limits.handshake_timeout,
                fmt::format("upgrade: no answer within {}", format_duration(limits.handshake_timeout)));
    socket.set_option(ws::stream_base::decorator([headers = offer.headers](ws::request_type& upgrade) {
      for (const auto& [name, value] : headers) upgrade.set(name, value);
    }));
    request.host = offer.host;
    request.target = offer.target;
    request.is_upgrade = true;
    answer = std::make_unique<ws::response_type>();
    socket.async_handshake(*answer, offer.host, offer.target, [self = shared_from_this()](error_code error) {
      if (self->stage != Stage::Handshake) return;
      if (error == ws::error::upgrade_declined) {
        return self->fail_with({1006, fmt::format("upgrade: the server answered HTTP {} {}", self->answer->result_int(),
                                                  std::string_view(self->answer->reason()))},
                               false);
      }
      if (error) return self->fail_with({1006, "upgrade: " + self->explain(error)}, false);
      self->answer.reset();
      self->opened();
    });
  }

  void accept(UpgradePolicy accepts, HttpAnswerer answers) {
    arm_writes();
    server = true;
    policy = std::move(accepts);
    answerer = std::move(answers);
    start_timer(limits.handshake_timeout,
                fmt::format("upgrade: no request within {}", format_duration(limits.handshake_timeout)));
    read_request();
  }

  void read_request() {
    parser.emplace();
    parser->header_limit(kMaxHeaderBytes);
    parser->body_limit(answerer ? limits.max_body_bytes : kMaxHeaderBytes);
    http::async_read(bytes(), buffer, *parser, [self = shared_from_this()](error_code error, std::size_t) {
      if (self->stage != Stage::Handshake) return;
      self->requested(error);
    });
  }

  void requested(error_code error) {
    if (error) {
      // Between two requests either side may hang up, or send nothing more.
      if (answered && !parser->got_some()) return fail_with({1000, "all requests were answered"}, false);
      // Not HTTP, or too much of it: HTTP still has an answer for that.
      const bool talks = error.category() == make_error_code(http::error::bad_method).category() &&
                         error != http::error::end_of_stream && error != http::error::partial_message;
      const std::string why = "upgrade: " + explain(error);
      if (!talks) return fail_with({1006, why}, false);
      return refuse({error == http::error::header_limit ? 431U : 400U, "not a request that can be read\n", {}}, why);
    }
    request = describe(parser->get());
    if (answerer && !request.is_upgrade) {
      awaits_answer = true;
      start_timer(limits.answer_timeout, "a request had no answer in time");
      const bool taken = answerer(requested_by(parser->get()), [weak = weak_from_this()](const HttpResponse& response) {
        const auto self = weak.lock();
        if (self && std::exchange(self->awaits_answer, false)) self->respond(response);
      });
      if (taken) return;
      awaits_answer = false;
    }
    if (stage != Stage::Handshake) return;
    if (auto refusal = policy(request)) {
      const std::string why = fmt::format("upgrade: {} {} refused with HTTP {}", request.method,
                                          request.target.substr(0, 200), refusal->status);
      return refuse(std::move(*refusal), why);
    }
    // What a hasty client has sent behind its request belongs to the websocket.
    bytes().unread({static_cast<const char*>(buffer.data().data()), buffer.size()});
    buffer.clear();
    if (!request.subprotocols.empty()) {
      socket.set_option(ws::stream_base::decorator([name = request.subprotocols.front()](ws::response_type& response) {
        response.set(http::field::sec_websocket_protocol, name);
      }));
    }
    socket.async_accept(parser->get(), [self = shared_from_this()](error_code accepted) {
      if (self->stage != Stage::Handshake) return;
      if (accepted) return self->fail_with({1006, "upgrade: " + self->explain(accepted)}, true);
      self->parser.reset();
      self->opened();
    });
  }

  void respond(const HttpResponse& response) {
    if (stage != Stage::Handshake) return;
    const bool keep_alive = parser->get().keep_alive();
    auto message = std::make_shared<http::response<http::string_body>>();
    message->version(parser->get().version());
    message->result(response.status);
    if (!response.reason.empty()) message->reason(response.reason);
    for (const auto& [name, value] : response.headers) message->set(name, value);
    message->keep_alive(keep_alive);
    message->body() = response.body;
    message->prepare_payload();
    if (request.method == "HEAD") message->body().clear();
    answered = true;
    start_timer(limits.idle_timeout, "all requests were answered", 1000);
    http::async_write(bytes(), *message,
                      [self = shared_from_this(), message, keep_alive](error_code error, std::size_t) {
                        if (self->stage != Stage::Handshake) return;
                        if (error) return self->fail_with({1006, "connection lost: " + self->explain(error)}, false);
                        if (keep_alive) return self->read_request();
                        self->ending = {{1000, "all requests were answered"}, true};
                        self->stage = Stage::Closing;
                        self->start_timer(self->limits.close_timeout, "the client does not read its answer");
                        self->bytes().finish(kGoodbyeLimit, [self] { self->finish(); });
                      });
  }

  void refuse(HttpRefusal refusal, const std::string& why) {
    auto response = std::make_shared<http::response<http::string_body>>(static_cast<http::status>(refusal.status), 11,
                                                                        std::move(refusal.text));
    response->set(http::field::content_type, "text/plain; charset=utf-8");
    for (const auto& [name, value] : refusal.headers) response->set(name, value);
    response->keep_alive(false);
    response->prepare_payload();
    ending = {{1006, why}, true};
    stage = Stage::Closing;
    start_timer(limits.close_timeout, why);
    http::async_write(bytes(), *response, [self = shared_from_this(), response](error_code, std::size_t) {
      if (self->stage == Stage::Closing) self->bytes().finish(kGoodbyeLimit, [self] { self->finish(); });
    });
  }

  void opened() {
    stage = Stage::Open;
    timer.cancel();
    socket.control_callback([this](ws::frame_type kind, boost::beast::string_view payload) {
      if (kind == ws::frame_type::close) {
        // From here on Beast answers; nothing of ours may follow its close frame.
        peer_closes = true;
        tell([&](WebSocketEvents& e) { bytes().mute(e.is_mute(FrameKind::Closed)); });
        return;
      }
      if (stage != Stage::Open) return;
      // The payload sits in Beast's frame: the listener may drop the socket while it looks at it.
      tell([&](WebSocketEvents& e) {
        e.on_message(kind == ws::frame_type::ping ? FrameKind::Ping : FrameKind::Pong,
                     {payload.data(), payload.size()});
      });
      // Until something else is said: Beast's answer is the next that is written.
      if (kind == ws::frame_type::ping) tell([&](WebSocketEvents& e) { bytes().mute(e.is_mute(FrameKind::Ping)); });
    });
    tell([this](WebSocketEvents& e) { e.on_open(request); });
    if (stage == Stage::Open) read();
  }

  // --- an open connection ---

  void read() {
    reading = true;
    socket.async_read(buffer, [self = shared_from_this()](error_code error, std::size_t) { self->received(error); });
  }

  void received(error_code error) {
    reading = false;
    if (stage == Stage::Ended) return;
    if (error) return read_failed(error);
    if (stage == Stage::Open) {
      const FrameKind kind = socket.got_text() ? FrameKind::Text : FrameKind::Binary;
      tell([&](WebSocketEvents& e) {
        e.on_message(kind, {static_cast<const char*>(buffer.data().data()), buffer.size()});
      });
    }
    const bool large = buffer.size() > kKeepCapacityBytes;
    buffer.consume(buffer.size());
    if (large) buffer.shrink_to_fit();
    if (stage == Stage::Open || stage == Stage::Closing) read();
  }

  void read_failed(error_code error) {
    if (stage == Stage::Closing) {
      // close() runs its own course: it reads the answer and reports.
      if (!close_running) finish();
      return;
    }
    if (error == ws::error::closed) {
      const ws::close_reason& reason = socket.reason();
      const std::uint16_t code = reason.code == ws::close_code::none ? std::uint16_t{1005} : reason.code;
      ending = {{code, std::string(reason.reason.data(), reason.reason.size())}, false};
      return finish();
    }
    // Beast has sent the close frame (1002, 1007 or 1009) where the peer broke a rule.
    if (error == ws::error::message_too_big || error == ws::error::buffer_overflow) {
      return fail_with({1006, fmt::format("message too big: more than {} bytes", limits.max_message_bytes)}, true);
    }
    if (error == ws::error::bad_frame_payload) {
      return fail_with({1006, "protocol error: text or a close reason that is not UTF-8"}, true);
    }
    if (error == ws::condition::protocol_violation) {
      return fail_with({1006, "protocol error: " + error.message()}, true);
    }
    fail_with({1006, "connection lost: " + explain(error)}, false);
  }

  std::string explain(error_code error) {
    // A failed write closes the socket: what the reader then sees is not the cause.
    if (const error_code cause = bytes().write_error()) error = cause;
    if (error == asio::error::eof || error == http::error::end_of_stream || error == http::error::partial_message ||
        error == asio::ssl::error::stream_truncated) {
      return "the other end hung up without a word";
    }
    return error.message();
  }

  bool send(FrameKind kind, std::string_view payload) {
    if (stage != Stage::Open || peer_closes) return false;
    bytes().mute(false);
    if (kind == FrameKind::Ping || kind == FrameKind::Pong) payload = payload.substr(0, kMaxControlBytes);
    if (server) {
      // A server's frames are not masked: a header in front of the bytes is all there is to prepare.
      std::array<char, 10> header{};
      bytes().append(frame_header(header, kind, payload.size()));
      bytes().append(payload);
      return true;
    }
    error_code error;  // also kept by the stream, where explain() finds it
    if (kind == FrameKind::Ping || kind == FrameKind::Pong) {
      const ws::ping_data data(boost::beast::string_view(payload.data(), payload.size()));
      kind == FrameKind::Ping ? socket.ping(data, error) : socket.pong(data, error);
      return !error;
    }
    socket.binary(kind == FrameKind::Binary);
    socket.write(asio::buffer(payload.data(), payload.size()), error);
    return !error;
  }

  void close(const CloseInfo& why) {
    if (stage == Stage::Closing || stage == Stage::Ended) return;
    if (stage == Stage::Handshake || (!may_be_sent(why.code) && why.code != 1005)) return drop(why);
    if (peer_closes) return;  // the peer was first: its close frame is the end
    bytes().mute(false);
    bytes().let_go();
    ending = {why, true};
    stage = Stage::Closing;
    start_timer(limits.close_timeout, fmt::format("no answer within {} to our close ({})",
                                                  format_duration(limits.close_timeout), why.text()));
    ws::close_reason reason;
    reason.code = why.code == 1005 ? static_cast<std::uint16_t>(ws::close_code::none) : why.code;
    if (why.code != 1005) {
      const std::string text = fitting_reason(why.reason);
      reason.reason = ws::reason_string(boost::beast::string_view(text.data(), text.size()));
    }
    close_running = true;
    socket.async_close(reason, [self = shared_from_this()](error_code error) {
      self->close_running = false;
      if (self->stage != Stage::Closing) return;
      if (error) {
        self->ending.info = {
            1006, fmt::format("no answer to our close ({}): {}", self->ending.info.text(), self->explain(error))};
      }
      self->finish();
    });
  }

  void drop(const CloseInfo& why) {
    if (stage == Stage::Ended) return;
    ending = {why, true};
    stage = Stage::Closing;
    bytes().abort(true);
    // Posted: nobody is called back from inside his own call.
    asio::post(socket.get_executor(), [self = shared_from_this()] { self->finish(); });
  }

  void fail_with(CloseInfo info, bool by_us) {
    ending = {std::move(info), by_us};
    finish();
  }

  void finish() {
    if (stage == Stage::Ended) return;
    stage = Stage::Ended;
    timer.cancel();
    if (!bytes().finished()) bytes().abort();
    bytes().on_written({});
    const Ending last = ending;
    if (WebSocketEvents* const listener = std::exchange(events, nullptr)) listener->on_end(last);
  }

  void arm_writes() {
    bytes().on_written([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->tell([](WebSocketEvents& e) { e.on_written(); });
    });
  }

  WebSocketLimits limits;
  WebSocketEvents* events;  // nobody: the handle is gone, or the end was told
  ws::stream<ByteStream, false> socket;
  asio::steady_timer timer;
  beast::flat_buffer buffer;
  bool server = false;
  Stage stage = Stage::Handshake;
  bool reading = false;
  bool peer_closes = false;
  bool close_running = false;
  Ending ending;
  UpgradeRequest request;
  UpgradePolicy policy;
  HttpAnswerer answerer;
  bool awaits_answer = false;  // a request without an upgrade
  bool answered = false;       // one before
  std::unique_ptr<ws::response_type> answer;
  std::optional<http::request_parser<http::string_body>> parser;
};

WebSocket::WebSocket(ByteStream stream, const WebSocketLimits& limits, WebSocketEvents& events)
    : impl_(std::make_shared<Impl>(std::move(stream), limits, events)) {}

WebSocket::~WebSocket() {
  impl_->events = nullptr;
  impl_->finish();
}

void WebSocket::connect(const UpgradeOffer& offer) { impl_->connect(offer); }
void WebSocket::accept(UpgradePolicy policy, HttpAnswerer answers) {
  impl_->accept(std::move(policy), std::move(answers));
}
bool WebSocket::send(FrameKind kind, std::string_view payload) { return impl_->send(kind, payload); }
std::size_t WebSocket::queued_bytes() const { return impl_->bytes().queued_bytes(); }
std::uint64_t WebSocket::position() const { return impl_->bytes().position(); }
void WebSocket::hold_at(std::uint64_t position) { impl_->bytes().hold_at(position); }
void WebSocket::let_go() { impl_->bytes().let_go(); }
void WebSocket::close(const CloseInfo& why) { impl_->close(why); }
void WebSocket::drop(const CloseInfo& why) { impl_->drop(why); }

}  // namespace ktape::net
