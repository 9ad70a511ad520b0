#include "exchange/futures_market_state.hpp"

#include <utility>

namespace ktape {

// One client as the market sees it.
class FuturesMarketState::Line final : public FrameSink {
 public:
  Line(FuturesMarketState& owner, FrameSink& sink) : owner_(owner), client_(sink) {}

  void on_frame(const Frame& frame) override {
    if (frame.kind == FrameKind::Closed) {
      FrameSink& to = client_;
      owner_.drop(frame.connection);
      return to.on_frame(frame);
    }
    const auto other = frame.kind == FrameKind::Text ? owner_.edited(frame.payload) : std::nullopt;
    if (!other) return client_.on_frame(frame);
    Frame changed = frame;
    changed.payload = *other;
    client_.on_frame(changed);
  }

 private:
  FuturesMarketState& owner_;
  FrameSink& client_;
};

FuturesMarketState::FuturesMarketState(Exchange& market) : market_(market) {}

FuturesMarketState::~FuturesMarketState() = default;

std::optional<FuturesMarketState::State> FuturesMarketState::of(std::string_view system) {
  if (system == "maintenance" || system == "cancel_only") return State{.suspended = true, .post_only = false};
  if (system == "post_only") return State{.suspended = false, .post_only = true};
  return std::nullopt;
}

void FuturesMarketState::attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) {
  ended_.clear();
  auto& line = lines_[connection];
  line = std::make_unique<Line>(*this, client);
  market_.attach(connection, endpoint, *line);
}

void FuturesMarketState::on_frame(const Frame& frame) {
  if (frame.kind == FrameKind::Closed) drop(frame.connection);
  market_.on_frame(frame);
}

void FuturesMarketState::drop(ConnectionId connection) {
  const auto at = lines_.find(connection);
  if (at == lines_.end()) return;
  ended_.push_back(std::move(at->second));
  lines_.erase(at);
}

std::optional<std::string> FuturesMarketState::edited(std::string_view text) {
  if (!imposed_ || text.find(R"("ticker")") == std::string_view::npos || !places_.read(text)) return std::nullopt;
  const JsonPlace& root = places_.root();
  if (root.kind != JsonPlace::Kind::Object) return std::nullopt;
  const auto written = [text](const JsonPlace& place) { return text.substr(place.begin, place.end - place.begin); };
  bool is_ticker = false;
  std::string out;
  std::size_t copied = 0;
  const auto replace = [&](const JsonPlace& value, bool by) {
    const std::string_view word = by ? "true" : "false";
    if (value.kind != JsonPlace::Kind::Word || written(value) == word) return;
    out.append(text, copied, value.begin - copied).append(word);
    copied = value.end;
  };
  for (const JsonPlace* name = root.first(); name != root.behind();) {
    const JsonPlace& value = *name->behind();
    const std::string_view key = written(*name);
    if (key == "feed") is_ticker = written(value) == "ticker";
    if (key == "suspended") replace(value, imposed_->suspended);
    if (key == "post_only") replace(value, imposed_->post_only);
    name = value.behind();
  }
  if (!is_ticker || copied == 0) return std::nullopt;
  return out.append(text, copied);
}

}  // namespace ktape
