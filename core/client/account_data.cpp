#include "core/client/account_data.hpp"

namespace ktape {
namespace {

constexpr int kLateBeginnings = 3;

}  // namespace

bool AccountData::passes(std::string_view channel) const {
  const auto known = parse_channel(channel);
  return !known || streams_.passes(*known, {});
}

void AccountData::confirmed(Channel channel, bool counts_for_itself) {
  const std::string name(to_string(channel));
  sequences_.erase(name);
  if (counts_for_itself) to_begin_.insert(name);
}

void AccountData::connection_lost() {
  sequences_.clear();
  to_begin_.clear();
  begun_late_.clear();
}

// A message's number is one more than that of the one before (spot-v2 section 6). A subscription begins with the number
// one again.
template <class Reports>
void AccountData::take_any(const Reports& reports) {
  if (!passes(reports.channel)) return;
  if (!reports.sequence) {
    events_.on_event(reports);
    return;
  }
  const std::int64_t number = *reports.sequence;
  const auto last = sequences_.find(reports.channel);
  const bool is_first = last == sequences_.end();
  const bool same_message = !is_first && last->second.sequence == number && last->second.message == message_;
  const bool begins = is_first || reports.snapshot || (number == 1 && last->second.sequence != 1);
  if (!begins && !same_message && number <= last->second.sequence) {
    ++repeated_;
    return;
  }
  std::int64_t due = begins || same_message ? number : last->second.sequence + 1;
  if (to_begin_.erase(std::string(reports.channel)) > 0 && number != 1) {
    // Not for ever: there may be an exchange that begins elsewhere.
    if (++begun_late_[std::string(reports.channel)] <= kLateBeginnings) due = 1;
  }
  if (number == 1) begun_late_.erase(std::string(reports.channel));
  sequences_.insert_or_assign(std::string(reports.channel), Seen{number, message_});
  if (number != due) {
    ++sequence_gaps_;
    events_.on_event(SequenceGap{reports.channel, due, number});
    if (const auto channel = parse_channel(reports.channel)) recover_(*channel);
  }
  events_.on_event(reports);
}

template void AccountData::take_any(const OrderReports&);
template void AccountData::take_any(const FillReports&);
template void AccountData::take_any(const BalanceReports&);

// Whether the numbers of positions have no holes is not known (futures-v1 section 6), and each message has all of them.
void AccountData::take(const PositionReports& reports) {
  if (passes(reports.channel)) events_.on_event(reports);
}

void AccountData::take(const AccountNotice& notice) {
  if (passes(notice.channel)) events_.on_event(notice);
}

}  // namespace ktape
