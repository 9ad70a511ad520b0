#pragma once

#include "faults/fault.hpp"

// The parameters of every kind by name, for whoever reads and writes them. Private to this folder.
namespace ktape::faults {

// Calls visit(name, reference) for each, in the order in which they are written.
template <class Visit>
void each_parameter(Latency& kind, Visit& visit) {
  visit("latency", kind.latency);
  visit("jitter", kind.jitter);
}
template <class Visit>
void each_parameter(Bandwidth& kind, Visit& visit) {
  visit("rate", kind.rate);
}
template <class Visit>
void each_parameter(SlowStart& kind, Visit& visit) {
  visit("rate", kind.rate);
  visit("doubling", kind.doubling);
  visit("full", kind.full);
}
template <class Visit>
void each_parameter(Slicer& kind, Visit& visit) {
  visit("average_size", kind.average_size);
  visit("size_variation", kind.size_variation);
  visit("delay", kind.delay);
}
template <class Visit>
void each_parameter(SlowClose& kind, Visit& visit) {
  visit("delay", kind.delay);
}
template <class Visit>
void each_parameter(Stall& kind, Visit& visit) {
  visit("duration", kind.duration);
}
template <class Visit>
void each_parameter(Timeout& kind, Visit& visit) {
  visit("timeout", kind.timeout);
}
template <class Visit>
void each_parameter(ResetPeer& kind, Visit& visit) {
  visit("timeout", kind.timeout);
}
template <class Visit>
void each_parameter(Close& kind, Visit& visit) {
  visit("code", kind.code);
  visit("reason", kind.reason);
}
template <class Visit>
void each_parameter(LimitData& kind, Visit& visit) {
  visit("bytes", kind.bytes);
}
template <class Visit>
void each_parameter(Duplicate& kind, Visit& visit) {
  visit("copies", kind.copies);
  visit("delay", kind.delay);
}
template <class Visit>
void each_parameter(Reorder& kind, Visit& visit) {
  visit("by", kind.by);
  visit("within", kind.within);
}
template <class Visit>
void each_parameter(Delay& kind, Visit& visit) {
  visit("delay", kind.delay);
}
template <class Visit>
void each_parameter(Truncate& kind, Visit& visit) {
  visit("bytes", kind.bytes);
}
template <class Visit>
void each_parameter(Corrupt& kind, Visit& visit) {
  visit("characters", kind.characters);
}
template <class Visit>
void each_parameter(Gap& kind, Visit& visit) {
  visit("messages", kind.messages);
}
template <class Visit>
void each_parameter(ClockAhead& kind, Visit& visit) {
  visit("by", kind.shift);
}
template <class Visit>
void each_parameter(ErrorReply& kind, Visit& visit) {
  visit("error", kind.error);
}
template <class Visit>
void each_parameter(RateLimit& kind, Visit& visit) {
  visit("requests", kind.requests);
  visit("per", kind.per);
}
template <class Visit>
void each_parameter(DeadManSwitch& kind, Visit& visit) {
  visit("timeout", kind.timeout);
}
template <class Visit>
void each_parameter(HttpStatus& kind, Visit& visit) {
  visit("status", kind.status);
  visit("retry_after", kind.retry_after);
  visit("body", kind.body);
  visit("on", kind.on);
}
template <class Visit>
void each_parameter(Tls& kind, Visit& visit) {
  visit("failure", kind.failure);
}
// Those that have none.
template <class Visit>
void each_parameter(HalfOpen& /*kind*/, Visit& /*visit*/) {}
template <class Visit>
void each_parameter(Drop& /*kind*/, Visit& /*visit*/) {}
template <class Visit>
void each_parameter(WrongChecksum& /*kind*/, Visit& /*visit*/) {}
template <class Visit>
void each_parameter(UnknownDelete& /*kind*/, Visit& /*visit*/) {}
template <class Visit>
void each_parameter(CrossedBook& /*kind*/, Visit& /*visit*/) {}
template <class Visit>
void each_parameter(MissingHeartbeat& /*kind*/, Visit& /*visit*/) {}
template <class Visit>
void each_parameter(InvalidToken& /*kind*/, Visit& /*visit*/) {}
template <class Visit>
void each_parameter(RefuseConnect& /*kind*/, Visit& /*visit*/) {}

}  // namespace ktape::faults
