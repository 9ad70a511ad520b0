#pragma once

#include <cstdint>
#include <string_view>

#include "core/client/client_notices.hpp"
#include "core/market/event.hpp"

namespace ktape {

// The user's sink, which may throw: whoever threw has missed that event, no more, and nobody else has missed anything.
class GuardedSink final : public EventSink {
 public:
  // Both outlive it; `notices` may be null.
  GuardedSink(EventSink& events, ClientNotices* notices) : events_(events), notices_(notices) {}

  void on_event(const Event& event) override;

  std::uint64_t failures() const { return failures_; }

 private:
  void failed(std::string_view what);

  EventSink& events_;
  ClientNotices* notices_;
  std::uint64_t failures_ = 0;
};

}  // namespace ktape
