#include "core/market/owned_event.hpp"

#include <algorithm>
#include <concepts>
#include <tuple>
#include <type_traits>

namespace ktape {
namespace {

template <class Value, class T>
concept Of = std::same_as<std::remove_const_t<Value>, T>;
template <class Value, class... T>
concept OneOf = (std::same_as<std::remove_const_t<Value>, T> || ...);

// What each type borrows. One without a line here does not compile.
template <OneOf<Level, Heartbeat> E>
auto borrowed(E&) {
  return std::tuple<>();
}
template <OneOf<BookSnapshot, BookUpdate, Level3Snapshot, Level3Update> E>
auto borrowed(E& e) {
  return std::tie(e.symbol, e.bids, e.asks);
}
template <Of<RestingOrder> E>
auto borrowed(E& e) {
  return std::tie(e.order_id);
}
template <OneOf<Spread, Ticker, TradeGap> E>
auto borrowed(E& e) {
  return std::tie(e.symbol);
}
template <Of<Trade> E>
auto borrowed(E& e) {
  return std::tie(e.symbol, e.kind, e.uid);
}
template <Of<Candle> E>
auto borrowed(E& e) {
  return std::tie(e.symbol, e.replaces);
}
template <Of<AssetInfo> E>
auto borrowed(E& e) {
  return std::tie(e.id, e.status, e.asset_class);
}
template <Of<PairInfo> E>
auto borrowed(E& e) {
  return std::tie(e.symbol, e.base, e.quote, e.status);
}
template <Of<InstrumentUpdate> E>
auto borrowed(E& e) {
  return std::tie(e.assets, e.pairs);
}
template <Of<StatusChange> E>
auto borrowed(E& e) {
  return std::tie(e.system, e.version, e.api_version);
}
template <Of<Reply> E>
auto borrowed(E& e) {
  return std::tie(e.method, e.error, e.channel, e.symbol, e.event_trigger, e.warnings);
}
template <Of<OrderAnswer> E>
auto borrowed(E& e) {
  return std::tie(e.order_id, e.client_order_id, e.amend_id, e.original_order_id, e.error, e.description);
}
template <Of<TradingReply> E>
auto borrowed(E& e) {
  return std::tie(e.method, e.error, e.orders, e.warnings);
}
template <Of<Challenge> E>
auto borrowed(E& e) {
  return std::tie(e.message);
}
template <Of<Fee> E>
auto borrowed(E& e) {
  return std::tie(e.asset);
}
template <Of<OrderReport> E>
auto borrowed(E& e) {
  return std::tie(e.order_id, e.client_order_id, e.what, e.status, e.symbol, e.order_type, e.time_in_force, e.reason,
                  e.venue);
}
template <Of<OrderReports> E>
auto borrowed(E& e) {
  return std::tie(e.channel, e.reports);
}
template <Of<Fill> E>
auto borrowed(E& e) {
  return std::tie(e.order_id, e.client_order_id, e.fill_id, e.symbol, e.order_type, e.fees, e.venue);
}
template <Of<FillReports> E>
auto borrowed(E& e) {
  return std::tie(e.channel, e.fills);
}
template <Of<Balance> E>
auto borrowed(E& e) {
  return std::tie(e.asset, e.wallet, e.type, e.ledger_id, e.reference_id, e.venue);
}
template <Of<BalanceReports> E>
auto borrowed(E& e) {
  return std::tie(e.channel, e.balances);
}
template <Of<Position> E>
auto borrowed(E& e) {
  return std::tie(e.symbol, e.venue);
}
template <Of<PositionReports> E>
auto borrowed(E& e) {
  return std::tie(e.channel, e.positions);
}
template <Of<AccountNotice> E>
auto borrowed(E& e) {
  return std::tie(e.channel, e.venue);
}
template <Of<UnknownMessage> E>
auto borrowed(E& e) {
  return std::tie(e.what);
}
template <Of<BookStateChange> E>
auto borrowed(E& e) {
  return std::tie(e.symbol, e.reason, e.channel);
}
template <Of<LinkChange> E>
auto borrowed(E& e) {
  return std::tie(e.detail);
}
template <Of<StreamStateChange> E>
auto borrowed(E& e) {
  return std::tie(e.channel, e.symbol, e.reason);
}
template <Of<RequestUnanswered> E>
auto borrowed(E& e) {
  return std::tie(e.method, e.channel, e.reason);
}
template <Of<SequenceGap> E>
auto borrowed(E& e) {
  return std::tie(e.channel);
}

// Hands out places in one piece of memory, one after the other; without memory it only counts.
class Places {
 public:
  explicit Places(std::byte* memory = nullptr) : memory_(memory) {}

  template <class T>
  T* take(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    used_ = (used_ + alignof(T) - 1) / alignof(T) * alignof(T);
    std::byte* const place = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += count * sizeof(T);
    return reinterpret_cast<T*>(place);
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* memory_;
  std::size_t used_ = 0;
};

// ---- how much is borrowed

template <class T>
void measure(Places& places, const T& value);

void measure(Places& places, std::string_view text) { places.take<char>(text.size()); }
template <class T>
void measure(Places& places, std::span<const T> all) {
  places.take<T>(all.size());
  for (const T& each : all) measure(places, each);
}
void measure(Places& places, const Candle* candle) {
  if (candle != nullptr) measure(places, std::span(candle, 1));
}
template <class T>
void measure(Places& places, const T& value) {
  std::apply([&](const auto&... part) { (measure(places, part), ...); }, borrowed(value));
}

// ---- and to own it, in the same order

template <class T>
void own(Places& places, T& value);

void own(Places& places, std::string_view& text) {
  char* const to = places.take<char>(text.size());
  std::copy(text.begin(), text.end(), to);
  text = {to, text.size()};
}
template <class T>
void own(Places& places, std::span<const T>& all) {
  T* const to = places.take<T>(all.size());
  std::uninitialized_copy(all.begin(), all.end(), to);
  for (std::size_t i = 0; i < all.size(); ++i) own(places, to[i]);
  all = {to, all.size()};
}
void own(Places& places, const Candle*& candle) {
  if (candle == nullptr) return;
  std::span one(candle, 1);
  own(places, one);
  candle = one.data();
}
template <class T>
void own(Places& places, T& value) {
  std::apply([&](auto&... part) { (own(places, part), ...); }, borrowed(value));
}

}  // namespace

OwnedEvent::OwnedEvent(const Event& event) : event_(event) {
  Places counted;
  std::visit([&](const auto& what) { measure(counted, what); }, event);
  size_ = counted.used();
  if (size_ == 0) {
    // Views of nothing may still point somewhere, which is harmless: nobody reads there.
    return;
  }
  memory_ = std::make_unique_for_overwrite<std::byte[]>(size_);
  Places places(memory_.get());
  std::visit([&](auto& what) { own(places, what); }, event_);
}

}  // namespace ktape
