#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

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
  void take(const PositionReports& reports);
  void take(const AccountNotice& notice);

  // To be called before the events of each message: one message may give two, with the same number.
  void next_message() { ++message_; }

  // A subscription counts from one. Where it counts each channel for itself, the first message that follows shows
  // whether it is new, or an old one that the exchange still holds for ours.
  void confirmed(Channel channel, bool counts_for_itself);
  void connection_lost();

  std::uint64_t sequence_gaps() const { return sequence_gaps_; }
  std::uint64_t repeated() const { return repeated_; }

 private:
  struct Seen {
    std::int64_t sequence;
    std::uint64_t message;
  };
  template <class Reports>
  void take_any(const Reports& reports);
  bool passes(std::string_view channel) const;

  EventSink& events_;
  Streams& streams_;
  Recover recover_;
  std::map<std::string, Seen, std::less<>> sequences_;  // the last of each channel
  std::set<std::string, std::less<>> to_begin_;         // confirmed, and nothing has come
  std::map<std::string, int, std::less<>> begun_late_;  // how often in a row
  std::uint64_t message_ = 0;
  std::uint64_t sequence_gaps_ = 0;
  std::uint64_t repeated_ = 0;
};

}  // namespace ktape
