#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/market/event.hpp"

namespace ktape {

// One plain call per candle, for every pair and interval at every end of the interval, whether or not anything traded:
// a quiet interval is flat at the last close with volume zero, from the first one on. Before the first known close of a
// pair there is no call. Revisions of earlier candles are not told. A sink for the events of a Client that builds these
// intervals.
class CandleCallbacks final : public EventSink {
 public:
  // `begin` is the start of the interval.
  using Callback =
      std::function<void(std::string_view pair, Duration interval, Timestamp begin, const Decimal& open,
                         const Decimal& high, const Decimal& low, const Decimal& close, const Decimal& volume)>;
  // Told what a callback threw; that stops neither the others nor the next call of this one.
  using OnFailure = std::function<void(std::string_view pair, Duration interval, std::string_view what)>;

  explicit CandleCallbacks(OnFailure on_failure) : on_failure_(std::move(on_failure)) {}

  enum class Id : std::uint64_t {};
  // Both act at once, from inside a callback too.
  Id subscribe(std::string_view pair, Duration interval, Callback callback);
  void unsubscribe(Id id);

  void on_event(const Event& event) override;

  std::uint64_t failures() const { return failures_; }

 private:
  struct Entry {
    std::string pair;
    Duration interval;
    std::shared_ptr<const Callback> callback;  // one that ends itself lives until it returns
  };
  OnFailure on_failure_;
  std::map<Id, Entry> entries_;  // called in the order of subscription
  std::uint64_t next_id_ = 1;
  std::uint64_t failures_ = 0;
};

}  // namespace ktape
