#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/wire/exchange.hpp"
#include "exchange/front.hpp"

namespace ktape::test {

// A market that agrees to everything at once, unless a test wants to answer by itself.
template <class AnyFront, class Options>
class OpenMarket final : public Exchange, private Front::Backend {
 public:
  OpenMarket(TimerService& timers, std::set<std::string, std::less<>> listed, Options options = {})
      : front(timers, *this, std::move(options)), listed_(std::move(listed)) {}

  void attach(ConnectionId connection, const Endpoint& /*endpoint*/, FrameSink& client) override {
    front.attach(connection, client);
  }
  void on_frame(const Frame& frame) override { front.on_frame(frame); }

  AnyFront front;
  std::function<void(const FeedRequest&)> answer = [this](const FeedRequest& request) { front.accept(request); };
  std::vector<FeedRequest> asked;
  std::vector<ConnectionId> gone;

 private:
  bool is_listed(std::string_view symbol) const override { return listed_.contains(symbol); }
  void on_attached(ConnectionId connection) override { front.greet(connection); }
  std::string greeting(ConnectionId connection) override { return front.status_text(connection); }
  void on_request(const FeedRequest& request) override {
    asked.push_back(request);
    answer(request);
  }
  void on_detached(ConnectionId connection) override { gone.push_back(connection); }

  std::set<std::string, std::less<>> listed_;
};

}  // namespace ktape::test
