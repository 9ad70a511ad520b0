#include "tools/frame_filter.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ktape {
namespace {

// What the answers in one message are about.
class Answers final : public EventSink {
 public:
  void on_event(const Event& event) override {
    const auto* reply = std::get_if<Reply>(&event);
    if (reply == nullptr) return;
    channel = reply->channel;
    symbol = reply->symbol;
  }
  std::string channel, symbol;
};

}  // namespace

Result<FrameFilter> FrameFilter::create(CopySelection selection, Dialect dialect, FrameClassifier* classifier) {
  auto codec = make_codec(dialect);
  if ((!selection.channels.empty() || !selection.symbols.empty()) && (codec == nullptr || classifier == nullptr)) {
    return fail(Errc::Unsupported,
                fmt::format("channels and symbols of {} cannot be told apart by this version", to_string(dialect)));
  }
  return FrameFilter(std::move(selection), std::move(codec), classifier);
}

bool FrameFilter::wants_channel(std::string_view channel) const {
  return selection_.channels.empty() || selection_.channels.contains(channel);
}

bool FrameFilter::wants_symbol(std::string_view symbol) const {
  return selection_.symbols.empty() || symbol.empty() || selection_.symbols.contains(symbol);
}

bool FrameFilter::passes(const Frame& frame) {
  if (!selection_.connections.empty() && !selection_.connections.contains(frame.connection)) return false;
  if (selection_.direction && *selection_.direction != frame.direction) return false;
  if (selection_.channels.empty() && selection_.symbols.empty()) return true;
  return frame.kind != FrameKind::Text || passes_text(frame);
}

bool FrameFilter::passes_text(const Frame& frame) {
  if (frame.direction == Direction::ToExchange) {
    const auto request = codec_->decode_request(frame.payload);
    if (!request || request->method == Method::Ping) return true;
    const auto& subscription = request->subscription;
    return wants_channel(to_string(subscription.channel)) &&
           (subscription.symbols.empty() ||
            std::any_of(subscription.symbols.begin(), subscription.symbols.end(),
                        [&](const std::string& symbol) { return wants_symbol(symbol); }));
  }
  const auto what = classifier_->classify(frame);
  const std::string_view channel = what.channel;
  if (channel == "status" || channel == "heartbeat" || channel == "pong") return true;
  if (channel == "subscribe" || channel == "unsubscribe" || channel == "error") {
    Answers answers;
    codec_->decode(frame.payload, answers);
    return (answers.channel.empty() || wants_channel(answers.channel)) && wants_symbol(answers.symbol);
  }
  return wants_channel(channel) && (channel == "instrument" || wants_symbol(what.symbol));
}

}  // namespace ktape
