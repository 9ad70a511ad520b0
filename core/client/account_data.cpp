#include "core/client/account_data.hpp"

namespace ktape {

// A message's number is one more than that of the one before (spot-v2 section 6). A message may give two events.
template <class Reports>
void AccountData::take_any(const Reports& reports) {
  if (!streams_.passes(parse_channel(reports.channel).value_or(Channel::Executions), {})) return;
  if (reports.sequence) {
    const auto last = sequences_.find(reports.channel);
    const bool expected = last == sequences_.end() || reports.snapshot || *reports.sequence <= last->second + 1;
    if (!expected) {
      ++sequence_gaps_;
      events_.on_event(SequenceGap{reports.channel, last->second + 1, *reports.sequence});
    }
    sequences_.insert_or_assign(std::string(reports.channel), *reports.sequence);
    if (!expected) {
      if (const auto channel = parse_channel(reports.channel)) recover_(*channel);
    }
  }
  events_.on_event(reports);
}

template void AccountData::take_any(const OrderReports&);
template void AccountData::take_any(const FillReports&);
template void AccountData::take_any(const BalanceReports&);

}  // namespace ktape
