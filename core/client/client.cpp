#include "core/client/client.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

namespace ktape {
namespace {

constexpr std::size_t kFinishedRemembered = 1000;
constexpr std::string_view kInvalidSession = "ESession:Invalid session";

bool needs_authorisation(const Request& request) {
  if (request.method == Method::Trade) return true;
  if (request.method != Method::Subscribe && request.method != Method::Unsubscribe) return false;
  return is_private(request.subscription.channel) || request.subscription.channel == Channel::Level3;
}

// How many answers a request gets that is no subscription: Kraken answers each cancelled order on its own
// (section 7.4).
std::size_t answers_to(const Request& request) {
  const auto* cancel = request.method == Method::Trade ? std::get_if<CancelOrder>(&request.trading) : nullptr;
  if (cancel == nullptr) return 1;
  return std::max<std::size_t>(
      1, cancel->order_ids.size() + cancel->client_order_ids.size() + cancel->user_references.size());
}

// Whether it is the kind of reply that such a request gets.
bool fits(const Request& request, const Reply& reply) {
  if (reply.method == "pong") return request.method == Method::Ping;
  return reply.method == name_of(request) || (reply.method == "error" && !reply.success);
}

// Whether a reply that names no request can be about this one.
bool could_answer(const Request& request, const Reply& reply) {
  if (!fits(request, reply)) return false;
  if (!reply.channel.empty() && reply.channel != to_string(request.subscription.channel)) return false;
  const auto& symbols = request.subscription.symbols;
  return reply.symbol.empty() || std::find(symbols.begin(), symbols.end(), reply.symbol) != symbols.end();
}

// "Already subscribed"; Futures: "Already subscribed to feed, re-requesting". Not: "... to one ohlc interval ...".
bool stands_already(std::string_view error) {
  return error == "Already subscribed" || error.starts_with("Already subscribed to feed");
}

bool same_but_symbols(const Subscription& a, const Subscription& b) {
  Subscription copy = a;
  copy.symbols = b.symbols;
  return copy == b;
}

}  // namespace

// Nothing that a handler does may cost the others anything.
class Client::Handler final : public EventSink {
 public:
  Handler(Client& client, EventSink& events) : client_(client), events_(events) {}

  void on_event(const Event& event) override {
    try {
      events_.on_event(event);
    } catch (const std::exception& thrown) {
      failed(thrown.what());
    } catch (...) {
      failed("something that is no std::exception");
    }
    if (const auto* change = std::get_if<BookStateChange>(&event)) client_.take(*change);
  }

 private:
  void failed(std::string_view what) {
    ++client_.stats_.handler_failures;
    client_.fail({Errc::InvalidArgument, fmt::format("an event handler threw: {}", what)});
  }

  Client& client_;
  EventSink& events_;
};

Client::Client(Transport& transport, Codec& codec, TimerService& timers, EventSink& events, ClientOptions options)
    : transport_(transport),
      codec_(codec),
      timers_(timers),
      handler_(std::make_unique<Handler>(*this, events)),
      options_(std::move(options)),
      reconnect_(options_.reconnect, options_.seed),
      candles_(timers, *handler_, options_.candles),
      streams_(*handler_),
      books_(timers, *handler_, places_, options_.book_recovery,
             [this](const std::string& symbol) { recover(Channel::Book, symbol); }),
      level3_books_(timers, *handler_, places_, options_.book_recovery,
                    [this](const std::string& symbol) { recover(Channel::Level3, symbol); }),
      queue_(timers, options_.pace, [this](const std::string& text) { transport_.send(text); }) {}

Client::~Client() = default;

void Client::start() {
  if (std::exchange(started_, true)) return;
  transport_.connect(options_.endpoint, *this);
}

void Client::stop() {
  stopped_ = true;
  connect_timer_.cancel();
  transport_.close({1000, ""});
}

// ---- what the program asks for
// ---------------------------------------------------------------------------------------------

Result<void> Client::subscribe(const Subscription& subscription) {
  Request request{.method = Method::Subscribe, .request_id = 0, .subscription = subscription};
  if (needs_authorisation(request) && options_.authoriser == nullptr) {
    return ktape::fail(Errc::InvalidArgument, fmt::format("channel {} needs credentials, and this connection has none",
                                                          to_string(subscription.channel)));
  }
  if (auto allowed = check(request); !allowed) return allowed;
  if (std::find(wanted_.begin(), wanted_.end(), subscription) != wanted_.end()) return {};
  wanted_.push_back(subscription);
  if (connected_) say(std::move(request));
  return {};
}

void Client::unsubscribe(const Subscription& subscription) {
  for (Subscription& each : wanted_) {
    if (!same_but_symbols(each, subscription)) continue;
    for (const std::string& symbol : subscription.symbols) std::erase(each.symbols, symbol);
  }
  std::erase_if(wanted_, [&](const Subscription& each) {
    return each == subscription || (each.symbols.empty() && same_but_symbols(each, subscription));
  });
  if (connected_) say({.method = Method::Unsubscribe, .request_id = 0, .subscription = subscription});
}

Result<void> Client::add_book(std::string_view symbol, int depth) {
  return subscribe({.channel = Channel::Book, .symbols = {std::string(symbol)}, .depth = depth});
}

void Client::remove_book(std::string_view symbol) {
  const std::vector<Subscription> wanted = wanted_;
  for (const Subscription& each : wanted) {
    if (each.channel != Channel::Book) continue;
    if (std::find(each.symbols.begin(), each.symbols.end(), symbol) == each.symbols.end()) continue;
    Subscription one = each;
    one.symbols = {std::string(symbol)};
    unsubscribe(one);
  }
}

Result<std::int64_t> Client::trade(const TradingRequest& trading) {
  Request request{.method = Method::Trade, .request_id = 0, .trading = trading};
  if (!options_.allow_trading) {
    return ktape::fail(Errc::InvalidArgument,
                       fmt::format("{}: this connection does not trade, since allow_trading is off", name_of(request)));
  }
  if (options_.authoriser == nullptr) {
    return ktape::fail(Errc::InvalidArgument,
                       fmt::format("{} needs credentials, and this connection has none", name_of(request)));
  }
  if (auto allowed = check(request); !allowed) return tl::unexpected<Error>(allowed.error());
  if (!connected_) {
    return ktape::fail(Errc::Io, fmt::format("{}: there is no connection, so nothing was sent", name_of(request)));
  }
  return say(std::move(request));
}

// What proves who asks is added when it goes out, so it is taken as given here.
Result<void> Client::check(Request request) const {
  if (needs_authorisation(request)) request.authorisation = {"given", "given", "given", "given"};
  return codec_.check(request);
}

Result<void> Client::send_raw(std::string_view text) {
  if (!connected_) return ktape::fail(Errc::Io, "there is no connection, so nothing was sent");
  queue_.put(std::string(text), 0);
  return {};
}

std::vector<StreamInfo> Client::active_subscriptions() const {
  std::vector<StreamInfo> active;
  for (const auto& [key, stream] : streams_.all()) {
    if (stream.confirmed) active.push_back(stream);
  }
  return active;
}

ClientStats Client::stats() const {
  ClientStats stats = stats_;
  for (const BookStats& books : {books_.stats(), level3_books_.stats()}) {
    stats.checksums_verified += books.checksums_verified;
    stats.checksums_failed += books.checksums_failed;
    stats.sequences_verified += books.sequences_verified;
    stats.sequences_failed += books.sequences_failed;
    stats.duplicate_updates += books.duplicate_updates;
  }
  return stats;
}

// ---- frames
// ----------------------------------------------------------------------------------------------------------

void Client::on_frame(const Frame& frame) {
  if (options_.frames != nullptr) options_.frames->on_frame(frame);
  if (frame.direction == Direction::ToExchange) {
    if (frame.kind == FrameKind::Text) sent(frame.payload);
    if (frame.kind == FrameKind::Closed) closed(frame.payload);
    return;
  }
  last_heard_ = frame.at;
  if (streams_.any_stale() && frame.kind != FrameKind::Closed) streams_.heard_again(frame.at);
  switch (frame.kind) {
    case FrameKind::Opened:
      opened(frame.payload);
      break;
    case FrameKind::Text:
      ++stats_.messages;
      codec_.decode(frame.payload, *this);
      break;
    case FrameKind::Binary:
      on_event(UnknownMessage{"a binary message"});
      break;
    case FrameKind::Ping:
    case FrameKind::Pong:
      break;
    case FrameKind::Closed:
      closed(frame.payload);
      break;
  }
}

void Client::opened(std::string_view url) {
  connected_ = true;
  heard_data_ = false;
  attempts_ = 0;
  generation_ = std::make_shared<int>();
  codec_.reset();
  handler_->on_event(LinkChange{LinkState::Up, url});
  subscribe_all();
  set_ping_timer();
}

void Client::closed(std::string_view why) {
  const Timestamp now = timers_.now();
  if (connected_) lost_at_ = now;
  connected_ = false;
  generation_.reset();
  session_ = Session::None;
  session_was_refused_ = false;
  authorisation_ = {};
  unanswered_.clear();
  finished_.clear();
  ping_timer_.cancel();
  silence_timer_.cancel();
  candles_.interrupted();

  handler_->on_event(LinkChange{LinkState::Down, why});
  streams_.connection_lost(now);
  books_.connection_lost();
  level3_books_.connection_lost();
  account_sequences_.clear();
  for (const auto& [id, pending] : std::exchange(pending_, {})) {
    if (pending.request.method != Method::Ping) unanswered(pending.request, "the connection was lost");
  }
  const auto tell_not_sent = [this](std::int64_t id) {
    if (options_.notices != nullptr) options_.notices->not_sent(id, {Errc::Io, "the connection was lost before"});
  };
  queue_.clear(tell_not_sent);
  for (const Request& request : std::exchange(waiting_for_session_, {})) tell_not_sent(request.request_id);

  if (stopped_ || !options_.reconnects) return;
  const Duration delay = reconnect_.next_delay(now);
  if (options_.notices != nullptr) options_.notices->retrying(++attempts_, delay);
  connect_after(delay);
}

void Client::connect_after(Duration delay) {
  connect_timer_ =
      timers_.at(timers_.now() + delay, [this](Timestamp) { transport_.connect(options_.endpoint, *this); });
}

void Client::subscribe_all() {
  for (const Subscription& subscription : wanted_) {
    say({.method = Method::Subscribe, .request_id = 0, .subscription = subscription});
  }
}

// A request is followed from the moment that the transport reports it, which a replay does as well.
void Client::sent(std::string_view text) {
  auto request = codec_.decode_request(text);
  if (!request) return;
  const Timestamp now = timers_.now();
  // Where answers are known by their order alone, the codec tells them with the number that it gets here. One that has
  // no id although its dialect has them is known by a number that no message ever has.
  if (codec_.answers_in_order()) {
    request->request_id = next_unnumbered_id_++;
  } else if (request->request_id == 0) {
    request->request_id = -next_unnumbered_id_++;
  }
  codec_.sent(*request);
  request->authorisation = {};
  // Whether Kraken Futures answers a ping is not known (futures-v1 section 9).
  if (codec_.answers_in_order() && request->method == Method::Ping) return;

  const Subscription& subscription = request->subscription;
  if (request->method == Method::Subscribe) streams_.requested(subscription, now);
  if (request->method == Method::Unsubscribe) {
    streams_.ended(subscription, now);
    for (const std::string& symbol : subscription.symbols) {
      if (subscription.channel == Channel::Book) books_.unsubscribed(symbol);
      if (subscription.channel == Channel::Level3) level3_books_.unsubscribed(symbol);
      if (subscription.channel == Channel::Trade) candles_.forget(symbol);
    }
  }

  const std::int64_t id = request->request_id;
  Timer timer = timers_.at(now + options_.request_timeout, [this, id](Timestamp) {
    const auto late = pending_.extract(id);
    if (late.empty()) return;
    finish(id);
    unanswered(late.mapped().request, fmt::format("no answer within {}", format_duration(options_.request_timeout)));
  });
  const std::size_t answers = answers_to(*request);
  pending_.insert_or_assign(id, Pending{std::move(*request), answers, std::move(timer)});
}

void Client::finish(std::int64_t request_id) {
  finished_.insert(request_id);
  if (finished_.size() > kFinishedRemembered) finished_.erase(finished_.begin());
}

void Client::unanswered(const Request& asked, std::string_view why) {
  const Timestamp now = timers_.now();
  const bool has_channel = asked.method == Method::Subscribe || asked.method == Method::Unsubscribe;
  handler_->on_event(
      RequestUnanswered{.request_id = std::max<std::int64_t>(asked.request_id, 0),
                        .method = name_of(asked),
                        .channel = has_channel ? to_string(asked.subscription.channel) : std::string_view{},
                        .reason = why});
  if (!connected_) return;
  if (asked.method == Method::Ping && now - last_heard_ >= options_.request_timeout) {
    streams_.fell_silent("no answer to a ping", now);
    transport_.close({1000, "no answer to a ping"});
  }
  if (asked.method == Method::Challenge) authorised(ktape::fail(Errc::Protocol, "the challenge was not answered"));
  if (asked.method == Method::Unsubscribe) leave_again(asked);
  if (asked.method != Method::Subscribe) return;
  const auto give_up = [&](std::string_view symbol) {
    const SubscriptionKey key = SubscriptionKey::of(asked.subscription, symbol);
    const StreamInfo* stream = streams_.find(key);
    // Its data may have come where the answer has not.
    if (stream != nullptr && stream->state != StreamState::Live) streams_.refused(key, why, now);
  };
  if (asked.subscription.symbols.empty()) give_up({});
  for (const std::string& symbol : asked.subscription.symbols) give_up(symbol);
  ask_again(asked);
}

// What is still wanted of a subscription that brought nothing.
void Client::ask_again(const Request& asked) {
  Subscription again = asked.subscription;
  std::erase_if(again.symbols, [&](const std::string& symbol) {
    return ++unanswered_[SubscriptionKey::of(asked.subscription, symbol)] >= options_.subscribe_attempts;
  });
  if (again.symbols.empty()) {
    const bool has_none = asked.subscription.symbols.empty();
    if (!has_none || ++unanswered_[SubscriptionKey::of(again, {})] >= options_.subscribe_attempts) {
      fail({Errc::Protocol, fmt::format("subscription to {} given up on this connection after {} attempts",
                                        to_string(again.channel), options_.subscribe_attempts)});
      return;
    }
  }
  for (const Subscription& each : wanted_) {
    if (!same_but_symbols(each, again)) continue;
    std::erase_if(again.symbols, [&](const std::string& symbol) {
      return std::find(each.symbols.begin(), each.symbols.end(), symbol) == each.symbols.end();
    });
    if (again.symbols.empty() && !each.symbols.empty()) return;
    say({.method = Method::Subscribe, .request_id = 0, .subscription = again});
    return;
  }
}

// The exchange may not have heard that something is not wanted any more.
void Client::leave_again(const Request& asked) {
  Subscription again = asked.subscription;
  std::erase_if(again.symbols, [&](const std::string& symbol) {
    const SubscriptionKey key = SubscriptionKey::of(asked.subscription, symbol);
    return streams_.find(key) != nullptr || ++unanswered_[key] >= options_.subscribe_attempts;
  });
  if (!again.symbols.empty()) say({.method = Method::Unsubscribe, .request_id = 0, .subscription = again});
}

std::int64_t Client::say(Request request) {
  const bool lists_symbols = request.method == Method::Subscribe || request.method == Method::Unsubscribe;
  auto& symbols = request.subscription.symbols;
  if (lists_symbols && symbols.size() > options_.symbols_per_request) {
    const std::vector<std::string> all = std::exchange(symbols, {});
    std::int64_t last = 0;
    for (std::size_t at = 0; at < all.size(); at += options_.symbols_per_request) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(options_.symbols_per_request, all.size() - at);
      symbols.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
      last = say(request);
    }
    return last;
  }
  request.request_id = next_request_id_++;
  if (!needs_authorisation(request)) {
    queue(request);
  } else if (session_ == Session::Granted) {
    request.authorisation = authorisation_;
    queue(request);
  } else {
    waiting_for_session_.push_back(request);
    if (session_ == Session::None) authorise({});
  }
  return request.request_id;
}

void Client::queue(const Request& request) { queue_.put(codec_.encode(request), request.request_id); }

// ---- sessions
// --------------------------------------------------------------------------------------------------------

void Client::authorise(std::string_view challenge) {
  session_ = Session::Asked;
  const std::weak_ptr<int> connection = generation_;
  options_.authoriser->authorise({.challenge = challenge, .renew = session_was_refused_},
                                 [this, connection](Result<Authorisation> result) {
                                   if (!connection.expired()) authorised(std::move(result));
                                 });
}

void Client::authorised(Result<Authorisation> result) {
  if (!result) {
    session_ = Session::None;
    fail(result.error());
    for (const Request& request : std::exchange(waiting_for_session_, {})) {
      if (options_.notices != nullptr) options_.notices->not_sent(request.request_id, result.error());
    }
    return;
  }
  authorisation_ = std::move(*result);
  if (codec_.signs_challenges() && authorisation_.signed_challenge.empty()) {
    Request request{.method = Method::Challenge, .request_id = next_request_id_++, .authorisation = authorisation_};
    queue(request);
    return;
  }
  session_ = Session::Granted;
  session_was_refused_ = false;
  for (Request& request : std::exchange(waiting_for_session_, {})) {
    request.authorisation = authorisation_;
    queue(request);
  }
}

void Client::take(const Challenge& challenge) {
  handler_->on_event(challenge);
  std::erase_if(pending_, [](const auto& each) { return each.second.request.method == Method::Challenge; });
  if (session_ == Session::Asked && options_.authoriser != nullptr) authorise(challenge.message);
}

void Client::session_refused() {
  if (session_ == Session::Granted) session_ = Session::None;
  session_was_refused_ = true;
}

void Client::fail(const Error& what) {
  if (options_.notices != nullptr) options_.notices->failed(what);
}

// ---- time
// ------------------------------------------------------------------------------------------------------------

void Client::set_ping_timer() {
  ping_timer_ = timers_.at(timers_.now() + options_.ping_interval, [this](Timestamp) {
    say({.method = Method::Ping, .request_id = 0, .subscription = {}});
    set_ping_timer();
  });
}

// Looks once per period instead of moving a timer with each message.
void Client::set_silence_timer() {
  const Duration patience =
      streams_.any_stale() ? options_.silence_timeout : std::min(options_.stale_after, options_.silence_timeout);
  silence_timer_ = timers_.at(std::max(timers_.now(), last_heard_ + patience), [this](Timestamp now) {
    const Duration silent = now - last_heard_;
    if (silent >= options_.silence_timeout) {
      transport_.close({1000, fmt::format("nothing heard for {}", format_duration(silent))});
      return;
    }
    if (silent >= options_.stale_after && !streams_.any_stale()) {
      streams_.fell_silent(fmt::format("nothing heard for {}", format_duration(silent)), now);
    }
    set_silence_timer();
  });
}

// ---- events
// ----------------------------------------------------------------------------------------------------------

void Client::on_event(const Event& event) {
  std::visit(
      [this, &event](const auto& what) {
        if constexpr (requires { this->take(what); }) {
          take(what);
        } else {
          handler_->on_event(event);
        }
      },
      event);
}

void Client::take(const BookSnapshot& snapshot) {
  if (streams_.passes(Channel::Book, snapshot.symbol)) books_.take_snapshot(snapshot);
}

void Client::take(const BookUpdate& update) {
  if (streams_.passes(Channel::Book, update.symbol)) books_.take_update(update);
}

void Client::take(const Level3Snapshot& snapshot) {
  if (streams_.passes(Channel::Level3, snapshot.symbol)) level3_books_.take_snapshot(snapshot);
}

void Client::take(const Level3Update& update) {
  if (streams_.passes(Channel::Level3, update.symbol)) level3_books_.take_update(update);
}

// A message of a private channel: its number is one more than that of the one before (spot-v2 section 6). A message may
// give two events.
template <class Reports>
void Client::take_account(const Reports& reports) {
  if (!streams_.passes(parse_channel(reports.channel).value_or(Channel::Executions), {})) return;
  if (reports.sequence) {
    const auto last = account_sequences_.find(reports.channel);
    const bool expected = last == account_sequences_.end() || reports.snapshot || *reports.sequence <= last->second + 1;
    if (!expected) {
      ++stats_.sequence_gaps;
      handler_->on_event(SequenceGap{reports.channel, last->second + 1, *reports.sequence});
    }
    account_sequences_.insert_or_assign(std::string(reports.channel), *reports.sequence);
    if (!expected) {
      // What was missed is in a new snapshot; there is no replay.
      if (const auto channel = parse_channel(reports.channel)) recover(*channel, {});
    }
  }
  handler_->on_event(reports);
}

void Client::take(const OrderReports& reports) { take_account(reports); }
void Client::take(const FillReports& reports) { take_account(reports); }
void Client::take(const BalanceReports& reports) { take_account(reports); }

// From the books, not from the exchange.
void Client::take(const BookStateChange& change) {
  const bool live = change.state == BookState::Live;
  const Channel channel = change.channel.empty() ? Channel::Book : Channel::Level3;
  streams_.data_state(channel, change.symbol, live ? StreamState::Live : StreamState::Recovering, change.reason,
                      timers_.now());
}

void Client::take(const Ticker& ticker) {
  if (streams_.passes(Channel::Ticker, ticker.symbol)) handler_->on_event(ticker);
}

void Client::take(const Candle& candle) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(candle.interval).count();
  if (!streams_.passes_ohlc(candle.symbol, static_cast<int>(minutes))) return;
  handler_->on_event(candle);
  candles_.add(candle);
}

void Client::take(const Heartbeat& heartbeat) {
  if (!std::exchange(heard_data_, true)) set_silence_timer();
  handler_->on_event(heartbeat);
}

void Client::take(const Trade& trade) {
  if (!streams_.passes(Channel::Trade, trade.symbol)) return;
  const bool repeated = trade.trade_id != 0 && is_repeated(trade);
  handler_->on_event(trade);
  if (repeated || !candles_.wanted()) return;
  if (const auto added = candles_.add(trade); !added) handler_->on_event(UnknownMessage{added.error().detail});
}

bool Client::is_repeated(const Trade& trade) {
  auto sequence = trade_ids_.find(trade.symbol);
  if (sequence == trade_ids_.end()) sequence = trade_ids_.emplace(trade.symbol, TradeSequence{}).first;
  const auto verdict = sequence->second.observe(trade.trade_id);
  if (verdict.duplicate) ++stats_.duplicate_trades;
  if (verdict.gap_from) {
    ++stats_.trade_gaps;
    handler_->on_event(TradeGap{trade.symbol, *verdict.gap_from, trade.trade_id});
  }
  return verdict.duplicate;
}

void Client::take(const Reply& reply) {
  auto asked = reply.request_id ? pending_.find(*reply.request_id) : pending_.end();
  if (asked != pending_.end() && !fits(asked->second.request, reply)) asked = pending_.end();
  if (!reply.request_id) {
    asked = std::find_if(pending_.begin(), pending_.end(),
                         [&](const auto& each) { return each.first < 0 && could_answer(each.second.request, reply); });
  }
  if (reply.request_id && *reply.request_id < 0) {  // a number of ours, for an answer in a dialect without ids
    Reply as_told = reply;
    as_told.request_id.reset();
    handler_->on_event(as_told);
  } else {
    handler_->on_event(reply);
  }
  if (asked == pending_.end()) {
    effect_of(reply, nullptr);
    return;
  }
  // One answer per symbol: the last of them ends the request.
  const Request request = asked->second.request;
  auto& symbols = asked->second.request.subscription.symbols;
  if (!reply.symbol.empty()) std::erase(symbols, reply.symbol);
  if (reply.symbol.empty() || symbols.empty()) {
    finish(asked->first);
    pending_.erase(asked);
  }
  effect_of(reply, &request);
}

void Client::take(const TradingReply& reply) {
  handler_->on_event(reply);
  if (!reply.success && reply.error == kInvalidSession) session_refused();
  if (!reply.request_id) return;
  const auto asked = pending_.find(*reply.request_id);
  if (asked != pending_.end() && --asked->second.answers_due == 0) pending_.erase(asked);
}

// `asked` is the request that it answers, if that was seen.
void Client::effect_of(const Reply& reply, const Request* asked) {
  const Timestamp now = timers_.now();
  // One that nobody waits for any more says little: what it confirms or ends may have been asked for again since.
  const bool late = asked == nullptr && reply.request_id && finished_.contains(*reply.request_id);
  Subscription subscription;
  if (asked != nullptr) {
    subscription = asked->subscription;
  } else if (const auto channel = parse_channel(reply.channel)) {
    subscription.channel = *channel;
    subscription.depth = reply.depth.value_or(subscription.depth);
    subscription.interval_minutes = reply.interval_minutes.value_or(subscription.interval_minutes);
    if (!reply.event_trigger.empty()) subscription.event_trigger = reply.event_trigger;
    if (!reply.symbol.empty()) subscription.symbols = {std::string(reply.symbol)};
  } else {
    return;
  }
  if (!reply.symbol.empty()) subscription.symbols = {std::string(reply.symbol)};

  // Acknowledgements of level3 do not tell it (spot-v2 section 3.2).
  std::optional<int> depth = reply.depth;
  if (!depth && asked != nullptr) depth = subscription.depth;
  const bool subscribing = reply.method == "subscribe" || (asked != nullptr && asked->method == Method::Subscribe);
  if (subscribing) {
    if (reply.success) {
      if (asked == nullptr && !late) streams_.requested(subscription, now);
      confirmed(subscription, reply, depth);
    } else {
      refused(subscription, reply, depth);
    }
  } else if (reply.method == "unsubscribe" && reply.success && !late) {
    if (asked == nullptr) streams_.ended(subscription, now);
    if (subscription.channel == Channel::Book) books_.unsubscribed(reply.symbol);
    if (subscription.channel == Channel::Level3) level3_books_.unsubscribed(reply.symbol);
    if (subscription.channel == Channel::Trade) candles_.forget(reply.symbol);
  } else if (asked != nullptr && asked->method == Method::Challenge && !reply.success) {
    authorised(ktape::fail(Errc::Protocol, fmt::format("the challenge was refused: {}", reply.error)));
  }
}

void Client::confirmed(const Subscription& subscription, const Reply& reply, std::optional<int> depth) {
  const Timestamp now = timers_.now();
  reconnect_.succeeded();
  if (codec_.keeps_talking(to_string(subscription.channel)) && !std::exchange(heard_data_, true)) set_silence_timer();
  if (subscription.symbols.empty()) streams_.confirmed(SubscriptionKey::of(subscription, {}), now);
  for (const std::string& symbol : subscription.symbols) {
    const SubscriptionKey key = SubscriptionKey::of(subscription, symbol);
    streams_.confirmed(key, now);
    unanswered_.erase(key);
    if (subscription.channel == Channel::Book) book_confirmed(books_, subscription, symbol, reply, depth);
    if (subscription.channel == Channel::Level3) book_confirmed(level3_books_, subscription, symbol, reply, depth);
    if (subscription.channel == Channel::Trade && reply.time_out && candles_.wanted()) {
      candles_.covered_from(symbol, *reply.time_out);
    }
  }
  if (lost_at_ && streams_.to_restore() == 0) {
    handler_->on_event(
        LinkChange{LinkState::Resubscribed, fmt::format("{} after the loss", format_duration(now - *lost_at_))});
    lost_at_.reset();
  }
}

// Of one that stood already no snapshot comes: it is left as it is, or waits in vain and is asked for again.
template <class Book>
void Client::book_confirmed(BookTable<Book>& books, const Subscription& subscription, const std::string& symbol,
                            const Reply& reply, std::optional<int> depth) {
  const Book* book = books.find(symbol);
  if (!reply.success && book != nullptr && book->state() == BookState::Live) {
    streams_.data_state(subscription.channel, symbol, StreamState::Live, "subscribed already", timers_.now());
  } else {
    books.subscribed(symbol, depth);
  }
}

void Client::refused(const Subscription& subscription, const Reply& reply, std::optional<int> depth) {
  const Timestamp now = timers_.now();
  if (stands_already(reply.error)) {
    // The exchange has subscribed us, and its answer was lost. A book needs its snapshot again.
    confirmed(subscription, reply, depth);
    return;
  }
  if (subscription.symbols.empty()) streams_.refused(SubscriptionKey::of(subscription, {}), reply.error, now);
  for (const std::string& symbol : subscription.symbols) {
    streams_.refused(SubscriptionKey::of(subscription, symbol), reply.error, now);
  }
  if (reply.error != kInvalidSession) return;
  session_refused();
  if (options_.authoriser != nullptr) ask_again({.method = Method::Subscribe, .subscription = subscription});
}

void Client::take(const InstrumentUpdate& update) {
  for (const PairInfo& pair : update.pairs) {
    places_.insert_or_assign(std::string(pair.symbol), PairPlaces{pair.price_precision, pair.quantity_precision});
    candles_.set_price_places(pair.symbol, pair.price_precision);
  }
  handler_->on_event(update);
}

// The only remedy is a new snapshot, and only a new subscription brings one (spot-v2 section 5.3, rule 6).
void Client::recover(Channel channel, const std::string& symbol) {
  if (!options_.resubscribe_invalid_books || !connected_) return;
  for (const auto& [key, stream] : streams_.all()) {
    if (key.channel != channel || key.symbol != symbol) continue;
    const Subscription again = stream.subscription;
    say({.method = Method::Unsubscribe, .request_id = 0, .subscription = again});
    say({.method = Method::Subscribe, .request_id = 0, .subscription = again});
    return;
  }
  for (const Subscription& each : wanted_) {
    if (each.channel != channel) continue;
    const bool listed = std::find(each.symbols.begin(), each.symbols.end(), symbol) != each.symbols.end();
    if (!listed && !(symbol.empty() && each.symbols.empty())) continue;
    Subscription again = each;
    if (!symbol.empty()) again.symbols = {symbol};
    say({.method = Method::Subscribe, .request_id = 0, .subscription = again});
    return;
  }
}

}  // namespace ktape
