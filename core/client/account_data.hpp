#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/client/streams.hpp"
#include "core/market/event.hpp"

namespace ktape {

// What one connection tells about the account: passes on what is subscribed to, and sees whether messages are missing.
class AccountData {
 public:
  // Called when messages of a channel are missing: what they said is in a new snapshot, and there is no replay
  // (spot-v2 section 6).
  using Recover = std::function<void(Channel channel)>;

  // All references outlive it.
  AccountData(EventSink& events, Streams& streams, Recover recover)
      : events_(events), streams_(streams), recover_(std::move(recover)) {}

  void take(const OrderReports& reports) { take_any(reports); }
  void take(const FillReports& reports) { take_any(reports); }
  void take(const BalanceReports& reports) { take_any(reports); }

  void connection_lost() { sequences_.clear(); }

  std::uint64_t sequence_gaps() const { return sequence_gaps_; }

 private:
  template <class Reports>
  void take_any(const Reports& reports);

  EventSink& events_;
  Streams& streams_;
  Recover recover_;
  std::map<std::string, std::int64_t, std::less<>> sequences_;  // the last of each channel
  std::uint64_t sequence_gaps_ = 0;
};

}  // namespace ktape
