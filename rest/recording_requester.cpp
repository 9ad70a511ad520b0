#include "rest/recording_requester.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace ktape::rest {
namespace {

void append_headers(std::string& out, const net::HttpHeaders& headers, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const auto value = net::find_header(headers, name); !value.empty()) {
      out += fmt::format("{}: {}\r\n", name, value);
    }
  }
  out += "\r\n";
}

std::string_view host_of(std::string_view server) {
  const auto slashes = server.find("://");
  return slashes == std::string_view::npos ? server : server.substr(slashes + 3);
}

}  // namespace

struct RecordingRequester::State {
  void put(Direction direction, FrameKind kind, std::string_view payload) {
    frames.on_frame({clock.now(), place.connection, direction, kind, redactor.redact(payload)});
  }

  void keep(std::string_view target, std::string_view asked, const net::HttpResponse& answer) {
    put(Direction::FromExchange, FrameKind::Opened, fmt::format("{}{}", place.server, target));
    put(Direction::ToExchange, FrameKind::Text, asked);
    std::string text = fmt::format("HTTP/1.1 {} {}\r\n", answer.status, answer.reason);
    // No cookie or other header that tells who asked.
    append_headers(text, answer.headers, {"Content-Type", "Date"});
    text += answer.body;
    put(Direction::FromExchange, FrameKind::Text, text);
    put(Direction::ToExchange, FrameKind::Closed, CloseInfo{1000, ""}.text());
  }

  const Clock& clock;
  FrameSink& frames;
  Redactor& redactor;
  Place place;
  net::HttpRequester& next;
};

RecordingRequester::RecordingRequester(net::HttpRequester& next, const Clock& clock, FrameSink& frames,
                                       Redactor& redactor, Place place)
    : state_(std::make_shared<State>(State{clock, frames, redactor, std::move(place), next})) {}
RecordingRequester::~RecordingRequester() = default;

void RecordingRequester::request(net::HttpRequest request, Done done) {
  std::string asked =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.target, host_of(state_->place.server));
  append_headers(asked, request.headers, {"Content-Type", "API-Key", "API-Sign"});
  asked += request.body;
  std::string target = request.target;
  state_->next.request(std::move(request),
                       [weak = std::weak_ptr<State>(state_), asked = std::move(asked), target = std::move(target),
                        done = std::move(done)](Result<net::HttpResponse> answer) {
                         const auto state = weak.lock();
                         if (!state) return;
                         if (answer) state->keep(target, asked, *answer);
                         done(std::move(answer));
                       });
}

}  // namespace ktape::rest
