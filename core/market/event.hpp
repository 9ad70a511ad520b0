#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"

namespace ktape {

// What the market did, in terms that do not depend on the dialect it was told in. Text and spans are borrowed until the
// handler returns; copy what you keep. When it was received is the clock's now().

enum class Side : std::uint8_t { Buy, Sell };
enum class OrderType : std::uint8_t { Limit, Market };

struct Level {
  Decimal price{};
  Decimal quantity{};  // absolute; zero in an update removes the level
};

// A whole book, best levels first. Kraken's checksum covers the best ten of each side (spot-v2 section 9).
struct BookSnapshot {
  std::string_view symbol{};
  std::span<const Level> bids{};
  std::span<const Level> asks{};
  std::optional<std::uint32_t> checksum{};
  std::optional<Timestamp> exchange_time{};  // absent in snapshots of 2024
};

// Levels that changed, to be applied in this order, both sides before the checksum is compared.
struct BookUpdate {
  std::string_view symbol{};
  std::span<const Level> bids{};
  std::span<const Level> asks{};
  std::optional<std::uint32_t> checksum{};  // after this update
  std::optional<Timestamp> exchange_time{};
};

struct Trade {
  std::string_view symbol{};
  Side side = Side::Buy;  // of the taker
  OrderType order_type = OrderType::Limit;
  Decimal price{};
  Decimal quantity{};
  std::int64_t trade_id = 0;  // contiguous per symbol
  Timestamp exchange_time{};
  bool snapshot = false;  // history sent on subscribing, not news
};

struct Ticker {
  std::string_view symbol{};
  bool snapshot = false;
  Decimal bid{}, bid_quantity{}, ask{}, ask_quantity{}, last{};
  Decimal volume{}, vwap{}, low{}, high{}, change{}, change_percent{};  // over 24 hours
  std::optional<std::int64_t> trades{};                                 // seen since 2026-09
  std::optional<Decimal> volume_usd{};                                  // seen in 2026-01
  std::optional<Timestamp> exchange_time{};                             // absent in 2024
};

enum class CandleSource : std::uint8_t {
  Exchange,  // Kraken's ohlc channel: the running candle, told again at every trade
  Trades,    // built here from the trades
};
enum class CandleState : std::uint8_t {
  Open,     // still running
  Closed,   // final under the close policy
  Empty,    // closed without a trade: flat at the last close
  Partial,  // closed, but its beginning was not seen
  Revised,  // a closed candle that a late trade changed
};

struct Candle {
  std::string_view symbol{};
  CandleSource source = CandleSource::Trades;
  CandleState state = CandleState::Open;
  Duration interval{};
  Timestamp begin{};  // [begin, begin + interval) on exchange time
  Decimal open{}, high{}, low{}, close{};
  Decimal volume{};  // exact sum of base quantities
  Decimal vwap{};    // truncated to the price's places, as Kraken does
  std::int64_t trades = 0;
  std::uint32_t revision = 0;
  std::optional<Timestamp> exchange_time{};  // ohlc channel: time of the trade that caused the message
  bool snapshot = false;
};

struct AssetInfo {
  std::string_view id{};
  std::string_view status{};
  int precision = 0;
  int precision_display = 0;
  bool borrowable = false;
  Decimal collateral_value{};
  std::string_view asset_class{};        // "currency"; empty where the exchange did not say
  std::optional<Decimal> margin_rate{};  // borrowable assets only
  std::optional<Decimal> multiplier{};   // tokenised assets only
};
struct PairInfo {
  std::string_view symbol{}, base{}, quote{};
  std::string_view status{};
  int price_precision = 0;
  int quantity_precision = 0;
  int cost_precision = 0;
  Decimal price_increment{}, quantity_increment{}, quantity_min{}, cost_min{};
  bool marginable = false;
  bool has_index = false;
  std::optional<Decimal> margin_initial{};             // marginable pairs only; a fraction
  std::optional<std::int64_t> position_limit_long{};   // marginable pairs only
  std::optional<std::int64_t> position_limit_short{};  // marginable pairs only
  std::optional<Decimal> tick_size{};                  // deprecated twin of price_increment
  std::optional<int> display_price_precision{};        // seen since 2026-01
};
struct InstrumentUpdate {
  bool snapshot = false;
  std::span<const AssetInfo> assets{};
  std::span<const PairInfo> pairs{};
};

// The engine's state. Pushed when a connection opens, and at every change.
struct StatusChange {
  std::string_view system{};  // online, post_only, cancel_only, maintenance, or a word that is not known yet
  std::string_view version{};
  std::string_view api_version{};                // v2
  std::optional<std::uint64_t> connection_id{};  // exceeds 2^53
};

struct Heartbeat {};

// The answer to a request: one per symbol for subscribe and unsubscribe.
struct Reply {
  std::string_view method{};  // subscribe, unsubscribe, pong, error
  std::optional<std::int64_t> request_id{};
  bool success = false;
  std::string_view error{};  // Kraken's text, when it failed
  std::string_view channel{}, symbol{};
  std::string_view event_trigger{};  // ticker only
  std::optional<int> depth{};
  std::optional<int> interval_minutes{};
  std::optional<bool> snapshot{};
  std::span<const std::string_view> warnings{};
  std::optional<Timestamp> time_in{}, time_out{};
};

// A message that was understood as JSON but not as anything above. Counted, shown, never fatal.
struct UnknownMessage {
  std::string_view what{};  // "channel 'xyz'", "no channel and no method", "not JSON at byte 17: ..."
};

// Told by the client, not by the exchange.
enum class BookState : std::uint8_t {
  AwaitSnapshot,  // subscribed, or lost: nothing to show
  Live,           // every update since the snapshot was applied and verified
  Invalid,        // a checksum did not fit, or an update made no sense: unusable until the next snapshot
};
struct BookStateChange {
  std::string_view symbol{};
  BookState state = BookState::AwaitSnapshot;
  std::string_view reason{};
};

enum class LinkState : std::uint8_t { Up, Down };
struct LinkChange {
  LinkState state = LinkState::Down;
  std::string_view detail{};  // the URL, or close code and reason
};

// A request that got no answer in time.
struct RequestTimeout {
  std::int64_t request_id = 0;
  std::string_view method{}, channel{};
};

struct TradeGap {
  std::string_view symbol{};
  std::int64_t expected_id = 0;
  std::int64_t received_id = 0;  // ids [expected_id, received_id) are missing
};

using Event = std::variant<BookSnapshot, BookUpdate, Trade, Ticker, Candle, InstrumentUpdate, StatusChange, Heartbeat,
                           Reply, UnknownMessage, BookStateChange, LinkChange, RequestTimeout, TradeGap>;

class EventSink {
 public:
  virtual void on_event(const Event& event) = 0;

 protected:
  ~EventSink() = default;
};

std::string_view to_string(Side side);
std::string_view to_string(OrderType type);
std::string_view to_string(CandleSource source);
std::string_view to_string(CandleState state);
std::string_view to_string(BookState state);
std::string_view to_string(LinkState state);

}  // namespace ktape
