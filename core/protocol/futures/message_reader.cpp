#include "core/protocol/futures/message_reader.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/futures/fields.hpp"
#include "core/protocol/futures/try.hpp"

namespace ktape::futures {
namespace {

class MessageReader {
 public:
  MessageReader(const JsonNode& root, OrderQuantity order_quantity, ReadingMemory memory)
      : root_(root),
        order_quantity_(order_quantity),
        batch_(memory.batch),
        pending_(memory.pending),
        unknown_fields_(memory.unknown_fields) {}

  Result<void> read() {
    if (root_.kind != JsonKind::Object) {
      return fail(Errc::Unsupported, fmt::format("{}, an object expected", describe(root_)));
    }
    // First the event: confirmations name a feed too.
    if (const JsonNode* const event = find_member(root_, "event")) {
      if (event->kind != JsonKind::String) return wrong_field("a message", "event", *event, "text");
      return read_control(event->text());
    }
    const JsonNode* const feed = find_member(root_, "feed");
    if (feed == nullptr) return fail(Errc::Unsupported, "no event and no feed");
    if (feed->kind != JsonKind::String) return wrong_field("a message", "feed", *feed, "text");
    return read_data(feed->text());
  }

 private:
  template <class... T>
  Result<void> fields(const JsonNode& object, T... wanted) {
    return read_fields(object, where_, unknown_fields_, wanted...);
  }

  Result<void> each(const JsonNode& array, std::string_view name,
                    Result<void> (MessageReader::*read_one)(const JsonNode&)) {
    if (array.kind != JsonKind::Array) return wrong_field(where_, name, array, "an array");
    Result<void> result;
    for_each_element(array, [&](const JsonNode& element) {
      result = (this->*read_one)(element);
      return result.has_value();
    });
    return result;
  }

  // ---- control messages

  Result<void> read_control(std::string_view event) {
    // Some of the documentation's samples have a blank behind the word.
    while (event.ends_with(' ')) event.remove_suffix(1);
    if (event == "subscribed") return read_confirmation(Method::Subscribe, true);
    if (event == "unsubscribed") return read_confirmation(Method::Unsubscribe, true);
    if (event == "subscribed_failed") return read_confirmation(Method::Subscribe, false);
    if (event == "unsubscribed_failed") return read_confirmation(Method::Unsubscribe, false);
    if (event == "alert") return read_refusal("event 'alert'");
    if (event == "error") return read_refusal("event 'error'");
    if (event == "info") return read_info();
    if (event == "challenge") return read_challenge();
    if (event == "pong") {
      where_ = "event 'pong'";
      KTAPE_TRY(fields(root_, ignored("event")));
      Reply& reply = batch_.add<Reply>();
      reply.method = "pong";
      reply.success = true;
      return {};
    }
    if (event == "heartbeat") {
      where_ = "event 'heartbeat'";
      KTAPE_TRY(fields(root_, ignored("event"), ignored("time")));
      batch_.add<Heartbeat>();
      return {};
    }
    return fail(Errc::Unsupported, fmt::format("event '{}'", excerpt(event)));
  }

  Result<void> read_info() {
    where_ = "event 'info'";
    const JsonNode* version = nullptr;
    KTAPE_TRY(fields(root_, ignored("event"), required("version", version)));
    if (version->kind != JsonKind::Number && version->kind != JsonKind::String) {
      return wrong_field(where_, "version", *version, "a number");
    }
    batch_.add<StatusChange>().version = version->text();
    return {};
  }

  Result<void> read_challenge() {
    where_ = "event 'challenge'";
    Challenge& challenge = batch_.add<Challenge>();
    KTAPE_TRY(fields(root_, ignored("event"), required("message", challenge.message)));
    pending_.take_challenge();
    return {};
  }

  Result<void> read_confirmation(Method method, bool success) {
    where_ = method == Method::Subscribe ? "event 'subscribed'" : "event 'unsubscribed'";
    std::string_view feed;
    std::string_view message;
    const JsonNode* products = nullptr;
    KTAPE_TRY(fields(root_, ignored("event"), required("feed", feed), optional("product_ids", products),
                     optional("message", message), ignored("api_key"), ignored("original_challenge"),
                     ignored("signed_challenge")));
    const bool listed = products != nullptr && products->kind != JsonKind::Null;
    if (listed) KTAPE_TRY(each(*products, "product_ids", &MessageReader::check_product));
    const auto answer = [&](std::string_view product) {
      const auto match = pending_.take_confirmed(method, feed, product);
      Reply& reply = batch_.add<Reply>();
      reply.method = to_string(method);
      if (match && match->request_id != 0) reply.request_id = match->request_id;
      reply.success = success;
      if (!success) reply.error = message.empty() ? "refused without a reason" : message;
      reply.channel = feed;
      reply.symbol = product;
      if (success && method == Method::Subscribe && feed == "book") reply.depth = 0;
    };
    if (!listed || products->span == 1) {
      answer({});
    } else {
      for_each_element(*products, [&](const JsonNode& product) {
        answer(product.text());
        return true;
      });
    }
    return {};
  }

  Result<void> check_product(const JsonNode& product) {
    if (product.kind != JsonKind::String) return wrong_field(where_, "a product", product, "text");
    return {};
  }

  Result<void> read_refusal(const char* where) {
    where_ = where;
    std::string_view text;
    KTAPE_TRY(fields(root_, ignored("event"), required("message", text)));
    auto match = pending_.take_refused(text);
    Reply& reply = batch_.add<Reply>();
    reply.method = match ? to_string(match->method) : "error";
    reply.error = text;
    reply.symbol = product_named_in(text);
    if (!match) return {};
    if (match->request_id != 0) reply.request_id = match->request_id;
    reply.channel = match->feed;
    if (reply.symbol.empty() || !match->product.empty()) reply.symbol = batch_.keep(std::move(match->product));
    return {};
  }

  // ---- feeds

  Result<void> read_data(std::string_view name) {
    const auto [feed_name, snapshot] = split_feed(name);
    const Feed* const feed = find_feed(feed_name);
    const auto unknown = [name = name] { return fail(Errc::Unsupported, fmt::format("feed '{}'", excerpt(name))); };
    if (feed == nullptr) return unknown();
    switch (feed->channel) {
      case Channel::Book:
        return snapshot ? read_book_snapshot() : read_book_update();
      case Channel::Trade:
        if (snapshot) return read_trade_snapshot();
        where_ = "feed 'trade'";
        return read_trade(root_);
      case Channel::Ticker:
      case Channel::TickerLite:
      case Channel::Heartbeat:
        if (snapshot) return unknown();
        if (feed->channel == Channel::Ticker) return read_ticker();
        if (feed->channel == Channel::TickerLite) return read_ticker_lite();
        where_ = "feed 'heartbeat'";
        batch_.add<Heartbeat>();
        return fields(root_, ignored("feed"), ignored("time"));
      default:
        return read_account_message(root_, *feed, {.order_quantity = order_quantity_, .snapshot = snapshot}, batch_,
                                    unknown_fields_);
    }
  }

  Result<void> read_book_snapshot() {
    where_ = "feed 'book_snapshot'";
    BookSnapshot& book = batch_.add<BookSnapshot>();
    const JsonNode* bids = nullptr;
    const JsonNode* asks = nullptr;
    std::optional<Milliseconds> time;
    KTAPE_TRY(fields(root_, ignored("feed"), required("product_id", book.symbol), optional("timestamp", time),
                     required("seq", book.sequence.emplace()), ignored("tickSize"), required("bids", bids),
                     required("asks", asks)));
    KTAPE_TRY(each(*bids, "bids", &MessageReader::read_level));
    const std::size_t count = batch_.levels.size();
    KTAPE_TRY(each(*asks, "asks", &MessageReader::read_level));
    const std::span<const Level> levels = batch_.levels;
    book.bids = levels.first(count);
    book.asks = levels.subspan(count);
    book.exchange_time = at(time);
    return {};
  }

  Result<void> read_level(const JsonNode& element) {
    Level& level = batch_.levels.emplace_back();
    return fields(element, required("price", level.price), required("qty", level.quantity));
  }

  Result<void> read_book_update() {
    where_ = "feed 'book'";
    BookUpdate& book = batch_.add<BookUpdate>();
    Level& level = batch_.levels.emplace_back();
    std::optional<Milliseconds> time;
    SideName side;
    KTAPE_TRY(fields(root_, ignored("feed"), required("product_id", book.symbol), required("side", side),
                     required("seq", book.sequence.emplace()), required("price", level.price),
                     required("qty", level.quantity), optional("timestamp", time)));
    (side.side == Side::Buy ? book.bids : book.asks) = batch_.levels;
    book.exchange_time = at(time);
    return {};
  }

  // History, told newest first; events are told in the order in which things happened.
  Result<void> read_trade_snapshot() {
    where_ = "feed 'trade_snapshot'";
    const JsonNode* trades = nullptr;
    KTAPE_TRY(fields(root_, ignored("feed"), required("product_id", product_), required("trades", trades)));
    snapshot_ = true;
    KTAPE_TRY(each(*trades, "trades", &MessageReader::read_trade));
    std::reverse(batch_.events.begin(), batch_.events.end());
    return {};
  }

  Result<void> read_trade(const JsonNode& element) {
    Trade& trade = batch_.add<Trade>();
    Milliseconds time;
    SideName side;
    trade.symbol = product_;
    trade.snapshot = snapshot_;
    KTAPE_TRY(fields(element, ignored("feed"), optional("product_id", trade.symbol), optional("uid", trade.uid),
                     required("side", side), optional("type", trade.kind), required("seq", trade.trade_id),
                     required("time", time), required("qty", trade.quantity), required("price", trade.price)));
    if (trade.symbol.empty()) return missing_field(where_, "product_id");
    trade.side = side.side;
    trade.exchange_time = time.at;
    return {};
  }

  Result<void> read_ticker() {
    where_ = "feed 'ticker'";
    Ticker& ticker = batch_.add<Ticker>();
    std::optional<Milliseconds> time;
    std::optional<Milliseconds> next_funding;
    Figure change;
    std::optional<Figure> premium, rate, prediction;
    KTAPE_TRY(fields(
        root_, ignored("feed"), required("product_id", ticker.symbol), optional("time", time),
        optional("bid", ticker.bid), optional("ask", ticker.ask), optional("bid_size", ticker.bid_quantity),
        optional("ask_size", ticker.ask_quantity), optional("last", ticker.last), optional("volume", ticker.volume),
        ignored("volumeQuote"), optional("change", change), optional("open", ticker.open),
        optional("high", ticker.high), optional("low", ticker.low), optional("index", ticker.index_price),
        optional("markPrice", ticker.mark_price), optional("openInterest", ticker.open_interest),
        optional("premium", premium), optional("funding_rate", rate), optional("funding_rate_prediction", prediction),
        ignored("relative_funding_rate"), ignored("relative_funding_rate_prediction"),
        optional("next_funding_rate_time", next_funding), ignored("dtm"), ignored("maturityTime"), ignored("leverage"),
        ignored("tag"), ignored("pair"), optional("suspended", ticker.suspended),
        optional("post_only", ticker.post_only), ignored("greeks")));
    ticker.exchange_time = at(time);
    ticker.next_funding_time = at(next_funding);
    ticker.change_percent = change.value;
    ticker.premium = value(premium);
    ticker.funding_rate = value(rate);
    ticker.funding_rate_prediction = value(prediction);
    return {};
  }

  Result<void> read_ticker_lite() {
    where_ = "feed 'ticker_lite'";
    Ticker& ticker = batch_.add<Ticker>();
    Figure change;
    std::optional<Figure> premium;
    KTAPE_TRY(fields(root_, ignored("feed"), required("product_id", ticker.symbol), optional("bid", ticker.bid),
                     optional("ask", ticker.ask), optional("change", change), optional("premium", premium),
                     optional("volume", ticker.volume), ignored("tag"), ignored("pair"), ignored("dtm"),
                     ignored("maturityTime"), ignored("volumeQuote"), ignored("greeks")));
    ticker.change_percent = change.value;
    ticker.premium = value(premium);
    return {};
  }

  const JsonNode& root_;
  OrderQuantity order_quantity_;
  EventBatch& batch_;
  PendingRequests& pending_;
  std::uint64_t& unknown_fields_;
  const char* where_ = "";
  std::string_view product_;  // of a trade snapshot
  bool snapshot_ = false;
};

}  // namespace

Result<void> read_message(const JsonNode& root, OrderQuantity order_quantity, ReadingMemory memory) {
  return MessageReader(root, order_quantity, memory).read();
}

}  // namespace ktape::futures
