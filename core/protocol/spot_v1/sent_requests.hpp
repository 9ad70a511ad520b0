#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

#include "core/protocol/codec.hpp"

namespace ktape::spot_v1 {

// What the answers of one connection do not repeat about their requests.
class SentRequests {
 public:
  void sent(const Request& request) {
    if (request.method == Method::Unsubscribe && request.request_id != 0) {
      unsubscribes_.push_back(request.request_id);
      if (unsubscribes_.size() > kMaxKept) unsubscribes_.pop_front();
    }
    if (request.method == Method::Subscribe && request.subscription.channel == Channel::OwnTrades) {
      own_trades_begin_with_history_ = request.subscription.snapshot_trades;
    }
  }

  // An error does not say whether it refuses to subscribe or to unsubscribe.
  bool was_unsubscribe(std::optional<std::int64_t> request_id) const {
    return request_id && std::find(unsubscribes_.begin(), unsubscribes_.end(), *request_id) != unsubscribes_.end();
  }

  // A message of ownTrades does not say whether it is the history that was asked for.
  bool own_trades_begin_with_history() const { return own_trades_begin_with_history_; }

  void clear() { *this = SentRequests(); }

 private:
  static constexpr std::size_t kMaxKept = 1000;  // answers come within seconds
  std::deque<std::int64_t> unsubscribes_;
  bool own_trades_begin_with_history_ = true;  // Kraken's default
};

}  // namespace ktape::spot_v1
