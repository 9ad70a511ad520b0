#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/json_places.hpp"
#include "core/wire/exchange.hpp"

namespace ktape {

// A market of Futures whose tickers say what they are told to: Futures has no message about its matching engine, but
// each ticker tells whether its product is suspended, and whether it takes post-only orders (futures-v1 section 4.1).
// All other bytes, and all messages while nothing is imposed, pass as they are. Tickers come once a second: that is how
// soon clients know.
class FuturesMarketState final : public Exchange {
 public:
  struct State {
    bool suspended = false;
    bool post_only = false;
  };
  // What the states of Spot's engine come to: maintenance and cancel_only are suspended. Limit orders only is nothing
  // that a ticker could tell, and neither is online.
  static std::optional<State> of(std::string_view system);

  // `market` outlives it.
  explicit FuturesMarketState(Exchange& market);
  ~FuturesMarketState();
  FuturesMarketState(const FuturesMarketState&) = delete;
  FuturesMarketState& operator=(const FuturesMarketState&) = delete;

  // From the next ticker on; nothing: what the market says itself.
  void impose(std::optional<State> state) { imposed_ = state; }

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void on_frame(const Frame& frame) override;

 private:
  class Line;

  // Nothing: it is no ticker, or says so already.
  std::optional<std::string> edited(std::string_view text);
  void drop(ConnectionId connection);

  Exchange& market_;
  std::optional<State> imposed_;
  JsonPlaces places_;
  std::map<ConnectionId, std::unique_ptr<Line>> lines_;
  std::vector<std::unique_ptr<Line>> ended_;  // kept until the next call: a line is not destroyed while it speaks
};

}  // namespace ktape
