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
  std::optional<std::uint64_t> sequence{};   // Futures, which has no checksum: the next update has the next number
  // Spot v1: beside each level, when the exchange changed it last; else empty.
  std::span<const Timestamp> bid_times{};
  std::span<const Timestamp> ask_times{};
};

// Levels that changed, to be applied in this order, both sides before the checksum is compared.
struct BookUpdate {
  std::string_view symbol{};
  std::span<const Level> bids{};
  std::span<const Level> asks{};
  std::optional<std::uint32_t> checksum{};  // after this update
  std::optional<Timestamp> exchange_time{};
  std::optional<std::uint64_t> sequence{};              // Futures
  std::span<const Timestamp> bid_times{}, ask_times{};  // Spot v1: beside each level
};

// What happened to an order of a level 3 book. In a snapshot every order is Add.
enum class OrderAction : std::uint8_t { Add, Modify, Delete };

struct RestingOrder {
  OrderAction action = OrderAction::Add;
  std::string_view order_id{};
  Decimal price{};
  Decimal quantity{};         // visible and remaining; a Delete tells the last one, never zero (spot-v2 section 5.4)
  Timestamp exchange_time{};  // when it was inserted or amended: its place in the queue of its price
};

// A whole book order by order, best price first, then in order of priority. Its checksum has a rule of its own
// (spot-v2 section 9.2).
struct Level3Snapshot {
  std::string_view symbol{};
  std::span<const RestingOrder> bids{};
  std::span<const RestingOrder> asks{};
  std::optional<std::uint32_t> checksum{};
  std::optional<Timestamp> exchange_time{};
};
struct Level3Update {
  std::string_view symbol{};
  std::span<const RestingOrder> bids{};
  std::span<const RestingOrder> asks{};
  std::optional<std::uint32_t> checksum{};  // after this update
  std::optional<Timestamp> exchange_time{};
};

// Best bid and ask as Spot v1 tells them on their own (spot-v1 section 5.5).
struct Spread {
  std::string_view symbol{};
  Decimal bid{}, ask{}, bid_quantity{}, ask_quantity{};
  Timestamp exchange_time{};
};

struct Trade {
  std::string_view symbol{};
  Side side = Side::Buy;  // of the taker
  OrderType order_type = OrderType::Limit;
  Decimal price{};
  Decimal quantity{};
  std::int64_t trade_id = 0;  // contiguous per symbol; 0: the dialect tells none (Spot v1). Futures: `seq`
  Timestamp exchange_time{};
  bool snapshot = false;    // history sent on subscribing, not news
  std::string_view kind{};  // Futures: fill, liquidation, termination, block, ...; else empty
  std::string_view uid{};   // Futures; else empty
};

struct Ticker {
  std::string_view symbol{};
  bool snapshot = false;
  Decimal bid{}, bid_quantity{}, ask{}, ask_quantity{}, last{};
  Decimal volume{}, vwap{}, low{}, high{}, change{}, change_percent{};  // over 24 hours
  std::optional<std::int64_t> trades{};                                 // seen since 2026-09
  std::optional<Decimal> volume_usd{};                                  // seen in 2026-01
  std::optional<Timestamp> exchange_time{};                             // absent in 2024
  std::optional<Decimal> open{};                                        // Spot v1, Futures
  // Futures only (futures-v1 section 4.1). A funding rate that is absent is zero.
  std::optional<Decimal> mark_price{}, index_price{}, open_interest{}, premium{}, funding_rate{};
  std::optional<Decimal> funding_rate_prediction{};
  std::optional<Timestamp> next_funding_time{};
  std::optional<bool> suspended{}, post_only{};
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
  Revised,  // a candle told before that a late or backfilled trade changed, or of which more is known
  Suspect,  // closed, but trades of it may be missing: an outage or a hole in the trade ids
};
// What made a candle whole whose beginning the stream of trades did not cover.
enum class CandleCompletion : std::uint8_t { None, OhlcSnapshot, TradeSnapshot, Backfill };

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

  // From here on of candles from trades only.
  std::int64_t first_trade_id = 0, last_trade_id = 0;  // 0: no trade, or the id is not known
  // By the taker's side. Nothing where a message of the ohlc channel went in: it does not tell them apart.
  std::optional<Decimal> buy_volume{}, sell_volume{};
  CandleCompletion completed_by = CandleCompletion::None;
  bool partial = false;         // its beginning is still not known
  bool suspect = false;         // trades of it may still be missing
  bool stale_revision = false;  // revised later than the horizon: strategies may have to leave it
  // Where the average is known only to lie in [vwap, vwap_upper], since an ohlc message's rounded one went in.
  std::optional<Decimal> vwap_upper{};
  const Candle* replaces = nullptr;  // Revised: what was told before; good until the handler returns
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
  std::optional<int> depth{};        // 0: the whole book (Futures)
  std::optional<int> interval_minutes{};
  std::optional<bool> snapshot{};
  std::span<const std::string_view> warnings{};
  std::optional<Timestamp> time_in{}, time_out{};
};

// One order that a trading request was about.
struct OrderAnswer {
  std::string_view order_id{};
  std::string_view client_order_id{};
  std::optional<std::int64_t> user_reference{};
  std::string_view amend_id{};           // amend_order
  std::string_view original_order_id{};  // edit_order: the one that was replaced
  std::string_view error{};              // batch_add: this order alone was refused
  std::string_view description{};        // Spot v1: the order in words
};

// The answer to a request that trades. It means that the request was processed: what became of the order is told by
// OrderReports.
struct TradingReply {
  std::string_view method{};  // add_order, amend_order, ...: the names of Spot v2, in every dialect
  std::optional<std::int64_t> request_id{};
  bool success = false;
  std::string_view error{};  // Kraken's text
  std::span<const OrderAnswer> orders{};
  std::optional<std::int64_t> count{};                      // cancel_all, batch_cancel: orders that were cancelled
  std::optional<Timestamp> current_time{}, trigger_time{};  // cancel_all_orders_after
  std::span<const std::string_view> warnings{};
  std::optional<Timestamp> time_in{}, time_out{};
};

// Futures: what the client has to sign before it may ask for private feeds (futures-v1 section 3.2).
struct Challenge {
  std::string_view message{};
};

// ---- one's own account
//
// Private channels tell several reports in one message, and an empty snapshot is news as well: one event per message.
// `venue` is the exchange's own object, its text as it came, for fields that have no place here.

struct Fee {
  std::string_view asset{};
  Decimal quantity{};
};

// What is told about one order. Reports are sparse: what is absent has not changed, so they are to be merged by
// order_id (OrderTable does), never to be put in place of each other (spot-v2 section 6.1).
struct OrderReport {
  std::string_view order_id{};
  std::string_view client_order_id{};
  std::optional<std::int64_t> user_reference{};
  // pending_new, new, trade, filled, iceberg_refill, canceled, expired, amended, restated, status: the names of Spot v2
  // in every dialect.
  std::string_view what{};
  std::string_view status{};  // pending_new, new, partially_filled, filled, canceled, expired
  std::string_view symbol{};
  std::optional<Side> side{};
  std::string_view order_type{};
  std::string_view time_in_force{};
  std::optional<Decimal> quantity{}, filled_quantity{}, filled_cost{}, average_price{};
  std::optional<Decimal> limit_price{}, trigger_price{}, display_quantity{}, cash_quantity{}, fee{};
  std::optional<bool> post_only{}, reduce_only{}, margin{};
  std::string_view reason{};
  std::optional<Timestamp> exchange_time{}, effective_time{}, expire_time{};
  std::string_view venue{};
};
struct OrderReports {
  std::string_view channel{};  // as the dialect calls it
  bool snapshot = false;
  std::optional<std::int64_t> sequence{};  // of the message within its subscription, without holes
  std::span<const OrderReport> reports{};
};

struct Fill {
  std::string_view order_id{};
  std::string_view client_order_id{};
  std::string_view fill_id{};              // Spot: exec_id
  std::optional<std::int64_t> trade_id{};  // the public one
  std::string_view symbol{};
  Side side = Side::Buy;
  Decimal price{}, quantity{};
  std::optional<Decimal> cost{};
  std::optional<bool> maker{};
  std::string_view order_type{};
  std::span<const Fee> fees{};
  Timestamp exchange_time{};
  std::string_view venue{};
};
struct FillReports {
  std::string_view channel{};
  bool snapshot = false;
  std::optional<std::int64_t> sequence{};
  std::span<const Fill> fills{};
};

struct Balance {
  std::string_view asset{};
  std::string_view wallet{};  // "spot/main"; Futures: "holding", "futures F-XBT:USD", "flex"; empty: the sum
  Decimal balance{};          // of a ledger entry: the asset's sum, whatever the wallet (spot-v2 section 6.2)
  std::optional<Decimal> amount{}, fee{};  // a ledger entry: what has changed
  std::string_view type{};                 // of a ledger entry: trade, deposit, ...
  std::string_view ledger_id{}, reference_id{};
  std::optional<Timestamp> exchange_time{};
  std::string_view venue{};
};
struct BalanceReports {
  std::string_view channel{};
  bool snapshot = false;
  std::optional<std::int64_t> sequence{};
  std::span<const Balance> balances{};
};

struct Position {
  std::string_view symbol{};
  Decimal quantity{};  // signed: short is negative
  std::optional<Decimal> entry_price{}, mark_price{}, index_price{}, liquidation_price{}, profit{};
  std::optional<Decimal> initial_margin{}, maintenance_margin{}, unrealized_funding{}, leverage{};
  std::string_view venue{};
};
// Always the whole list.
struct PositionReports {
  std::string_view channel{};
  std::optional<std::int64_t> sequence{};
  std::span<const Position> positions{};
  std::optional<Timestamp> exchange_time{};
};

// A message of a private feed that has no shape of its own here: account_log, notifications_auth, ...
struct AccountNotice {
  std::string_view channel{};
  bool snapshot = false;
  std::string_view venue{};  // the whole message
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
  std::string_view channel{};  // "level3"; empty: the aggregated book
};

enum class LinkState : std::uint8_t {
  Up,
  Down,          // lost, or an attempt that failed
  Resubscribed,  // after a loss: all that was confirmed before it is confirmed again
};
struct LinkChange {
  LinkState state = LinkState::Down;
  std::string_view detail{};  // the URL; close code and reason; how many subscriptions
};

// How far what a subscription brings can be trusted. Nothing is told as live that is not.
enum class StreamState : std::uint8_t {
  Recovering,  // asked for, or asked for again: not confirmed, or without a valid snapshot
  Live,
  Stale,  // was live, but nothing at all has come over its connection for too long
  Dead,   // refused, or not answered; `reason` has the exchange's words
  Ended,  // unsubscribed: nothing of it follows
};
struct StreamStateChange {
  std::string_view channel{}, symbol{};
  std::optional<int> depth{}, interval_minutes{};
  StreamState state = StreamState::Recovering;
  std::string_view reason{};
};

// A request that will get no answer: too much time has passed, or its connection was lost.
struct RequestUnanswered {
  std::int64_t request_id = 0;
  std::string_view method{}, channel{};
  std::string_view reason{};
};

// Messages of a private channel are missing: [expected, received) of its sequence.
struct SequenceGap {
  std::string_view channel{};
  std::int64_t expected = 0;
  std::int64_t received = 0;
};

struct TradeGap {
  std::string_view symbol{};
  std::int64_t expected_id = 0;
  std::int64_t received_id = 0;  // ids [expected_id, received_id) are missing
};

using Event = std::variant<BookSnapshot, BookUpdate, Trade, Ticker, Candle, InstrumentUpdate, StatusChange, Heartbeat,
                           Reply, UnknownMessage, BookStateChange, LinkChange, RequestUnanswered, TradeGap,
                           Level3Snapshot, Level3Update, Spread, TradingReply, Challenge, OrderReports, FillReports,
                           BalanceReports, PositionReports, AccountNotice, StreamStateChange, SequenceGap>;

class EventSink {
 public:
  virtual void on_event(const Event& event) = 0;

 protected:
  ~EventSink() = default;
};

std::string_view to_string(Side side);
std::string_view to_string(OrderType type);
std::string_view to_string(OrderAction action);
std::string_view to_string(CandleSource source);
std::string_view to_string(CandleState state);
std::string_view to_string(CandleCompletion completion);
std::string_view to_string(BookState state);
std::string_view to_string(LinkState state);
std::string_view to_string(StreamState state);

}  // namespace ktape
