#include "replay/recorded_conversation.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/protocol/dialect.hpp"
#include "exchange/verbatim_reply.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxAsked = 1000;
// A request that has waited longer has timed out, or will never be answered.
constexpr Duration kPatience = std::chrono::seconds(10);

}  // namespace

// Applies the events of one message to the feeds that they belong to.
class RecordedConversation::Reading final : public EventSink {
 public:
  Reading(RecordedConversation& owner, std::string_view text) : owner_(owner), text_(text) {}

  void on_event(const Event& event) override {
    if (const auto* reply = std::get_if<Reply>(&event)) {
      owner_.answered(*reply, text_);
    } else if (std::holds_alternative<StatusChange>(event)) {
      owner_.status_ = text_;
    } else {
      for (const Feed& feed : owner_.routes_.of(event, text_).feeds) owner_.told(feed, event, text_);
    }
  }

 private:
  RecordedConversation& owner_;
  std::string_view text_;
};

RecordedConversation::RecordedConversation(const RecordedDialect& dialect)
    : dialect_(dialect), codec_(make_codec(dialect.dialect())) {}

void RecordedConversation::take(const Frame& frame) {
  const auto forget = [this] {
    status_.clear();
    codec_->reset();
    routes_ = FeedRoutes(dialect_);
    feeds_.clear();
    asked_.clear();
  };
  switch (frame.kind) {
    case FrameKind::Opened:
      forget();
      open_ = true;
      url_ = frame.payload;
      break;
    case FrameKind::Closed:
      forget();
      open_ = false;
      break;
    case FrameKind::Text:
      open_ = true;  // recordings of others do not always tell
      if (frame.direction == Direction::ToExchange) {
        asked(frame);
      } else {
        Reading reading(*this, frame.payload);
        codec_->decode(frame.payload, reading);
      }
      break;
    case FrameKind::Binary:
    case FrameKind::Ping:
    case FrameKind::Pong:
      break;
  }
}

void RecordedConversation::asked(const Frame& frame) {
  auto request = codec_->decode_request(frame.payload);
  if (!request) return;
  if (codec_->answers_in_order()) request->request_id = ++last_unnumbered_;
  codec_->sent(*request);
  const bool subscribes = request->method == Method::Subscribe || request->method == Method::Unsubscribe;
  if (request->request_id == 0 || !subscribes || is_private(request->subscription.channel)) return;
  if (asked_.size() >= kMaxAsked) asked_.pop_front();
  asked_.push_back(
      {frame.at, request->request_id, std::move(request->subscription.symbols), std::string(frame.payload)});
}

void RecordedConversation::answered(const Reply& reply, std::string_view text) {
  if (reply.request_id) {
    const auto at = std::find_if(asked_.begin(), asked_.end(),
                                 [&](const Asked& one) { return one.request_id == *reply.request_id; });
    if (at != asked_.end()) {
      std::erase(at->symbols, reply.symbol);
      if (reply.symbol.empty() || at->symbols.empty()) asked_.erase(at);
    }
  }
  const auto feed = dialect_.feed_of(reply);
  if (!feed) return;
  if (reply.method == "subscribe") {
    routes_.subscribed(*feed);
    auto& one = in_force(*feed);
    one.answer = text;
    one.request_id = reply.request_id;
    // A book begins anew, as with the client; what else is known stays true.
    if (feed->channel == Channel::Book) one.state = dialect_.make_state(*feed);
  } else {
    routes_.unsubscribed(*feed);
    feeds_.erase(*feed);
  }
}

RecordedConversation::InForce& RecordedConversation::in_force(const Feed& feed) {
  auto& one = feeds_[feed];
  if (!one.state) one.state = dialect_.make_state(feed);
  return one;
}

void RecordedConversation::told(const Feed& feed, const Event& event, std::string_view text) {
  auto& one = in_force(feed);
  if (const auto* trade = std::get_if<Trade>(&event); trade != nullptr && trade->trade_id != 0) {
    // What stood before a hole in the ids is not told again, or whoever hears it would report the hole a second time.
    if (one.last_trade && trade->trade_id > *one.last_trade + 1) one.state = dialect_.make_state(feed);
    one.last_trade = std::max(one.last_trade.value_or(trade->trade_id), trade->trade_id);
  }
  one.state->take(event, text);
}

std::string RecordedConversation::request_for(const std::vector<const Feed*>& feeds,
                                              std::optional<std::int64_t> request_id, bool snapshot) const {
  const Feed& first = *feeds.front();
  Request request{.method = Method::Subscribe, .request_id = request_id.value_or(0)};
  auto& wanted = request.subscription;
  wanted.channel = first.channel;
  wanted.snapshot = snapshot;
  if (first.depth != 0) wanted.depth = first.depth;
  if (first.interval_minutes != 0) wanted.interval_minutes = first.interval_minutes;
  if (!first.event_trigger.empty()) wanted.event_trigger = first.event_trigger;
  for (const Feed* const feed : feeds) {
    if (!feed->symbol.empty()) wanted.symbols.push_back(feed->symbol);
  }
  auto text = codec_->encode(request);
  const auto* const place = dialect_.request_id_place();
  return place == nullptr ? text : with_request_id(text, request_id, *place);
}

std::string RecordedConversation::answer_for(const Feed& feed, const InForce& one, Timestamp at) const {
  return one.answer.empty() ? dialect_.answer_to(feed, at) : dialect_.answered_again(one.answer, at);
}

void RecordedConversation::tell(Timestamp at, ConnectionId connection, FrameSink& out) const {
  if (!open_) return;
  const auto say = [&](Direction direction, FrameKind kind, std::string_view text) {
    out.on_frame({at, connection, direction, kind, text});
  };
  say(Direction::FromExchange, FrameKind::Opened, url_);
  if (!status_.empty()) say(Direction::FromExchange, FrameKind::Text, status_);

  // Instruments first: they tell the places of the numbers in all that follows.
  std::vector<std::pair<const Feed*, const InForce*>> all;
  for (const auto& [feed, one] : feeds_) all.emplace_back(&feed, &one);
  std::stable_partition(all.begin(), all.end(),
                        [](const auto& one) { return one.first->channel == Channel::Instrument; });

  // One request for all that was asked together.
  using Together = std::tuple<bool, std::optional<std::int64_t>, Channel, int, int, std::string>;
  std::vector<std::pair<Together, std::vector<const Feed*>>> requests;
  for (const auto& [feed, one] : all) {
    Together key{feed->channel != Channel::Instrument,
                 one->request_id,
                 feed->channel,
                 feed->depth,
                 feed->interval_minutes,
                 feed->event_trigger};
    const auto found =
        std::find_if(requests.begin(), requests.end(), [&](const auto& request) { return request.first == key; });
    if (found != requests.end()) {
      found->second.push_back(feed);
    } else {
      requests.push_back({std::move(key), {feed}});
    }
  }
  for (const auto& [key, feeds] : requests) {
    const auto& answer = feeds_.at(*feeds.front()).answer;
    const bool snapshot = answer.find(R"("snapshot":false)") == std::string::npos;
    say(Direction::ToExchange, FrameKind::Text, request_for(feeds, std::get<1>(key), snapshot));
    for (const Feed* const feed : feeds) {
      const InForce& one = feeds_.at(*feed);
      say(Direction::FromExchange, FrameKind::Text, answer_for(*feed, one, at));
      if (!one.state->complete()) continue;
      if (const auto text = one.state->snapshot(); !text.empty()) say(Direction::FromExchange, FrameKind::Text, text);
    }
  }
  for (const Asked& one : asked_) {
    if (at - one.at < kPatience) say(Direction::ToExchange, FrameKind::Text, one.text);
  }
}

}  // namespace ktape
