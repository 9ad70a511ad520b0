#include "replay/level3_playback.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/protocol/spot_v2/codec.hpp"
#include "core/protocol/spot_v2/server_account.hpp"
#include "replay/shifted_messages.hpp"

namespace ktape {
namespace {

constexpr std::string_view kLevel3 = R"("level3")";
constexpr std::string_view kMethod = R"("method")";

SpotV2FrontOptions front_options(const Level3PlaybackOptions& options) {
  SpotV2FrontOptions front;
  front.host = spot_v2::Host::Level3;
  front.tokens = options.tokens;
  front.name_level3_depth = options.name_depth;
  return front;
}

RestingOrder told(OrderAction action, const BookOrder& order) {
  return {.action = action,
          .order_id = order.order_id,
          .price = order.price,
          .quantity = order.quantity,
          .exchange_time = order.exchange_time};
}

std::vector<RestingOrder> all_told(const std::vector<BookOrder>& orders) {
  std::vector<RestingOrder> out;
  for (const BookOrder& order : orders) out.push_back(told(OrderAction::Add, order));
  return out;
}

}  // namespace

// Takes the level3 events of one message.
class Level3Playback::Reading final : public EventSink {
 public:
  Reading(Level3Playback& owner, std::string_view text) : owner_(owner), text_(text) {}
  void on_event(const Event& event) override {
    if (const auto* snapshot = std::get_if<Level3Snapshot>(&event)) owner_.take(*snapshot, text_);
    if (const auto* update = std::get_if<Level3Update>(&event)) owner_.take(*update, text_);
  }

 private:
  Level3Playback& owner_;
  std::string_view text_;
};

Level3Playback::Book::Book(const std::string& symbol, int depth)
    : book(BookSpec{.symbol = symbol, .depth = depth, .price_places = std::nullopt, .quantity_places = std::nullopt}) {}

Level3Playback::Level3Playback(TimerService& timers, Open open, Level3PlaybackOptions options)
    : timers_(timers),
      open_(std::move(open)),
      options_(std::move(options)),
      front_(timers, *this, front_options(options_)),
      codec_(std::make_unique<spot_v2::SpotV2Codec>()) {}

Level3Playback::~Level3Playback() = default;

void Level3Playback::attach(ConnectionId connection, const Endpoint& /*endpoint*/, FrameSink& client) {
  wake();
  front_.attach(connection, client);
}

void Level3Playback::attach_guest(ConnectionId connection, FrameSink& client) {
  guests_.insert(connection);
  front_.attach_guest(connection, client);
}

void Level3Playback::on_frame(const Frame& frame) {
  if (frame.kind == FrameKind::Text && guests_.contains(frame.connection)) wake();
  front_.on_frame(frame);
}

void Level3Playback::on_system(std::string_view system) {
  system_ = system;
  for (const ConnectionId connection : front_.connections()) {
    if (!front_.is_greeted(connection) || guests_.contains(connection)) continue;
    front_.send(connection, front_.status_text(connection, system_));
  }
}

// ---- the recording

void Level3Playback::wake() {
  if (!begun_ || (ended_ && status_ && options_.may_begin_anew())) begin();
}

void Level3Playback::restart(const CloseInfo& why) {
  finish(why);
  begun_ = false;
  timer_ = Timer();
  source_.reset();
  next_.reset();
}

void Level3Playback::begin() {
  begun_ = true;
  ended_ = false;
  books_.clear();
  carriers_.clear();
  codec_->reset();
  shift_ = options_.shift();
  auto source = open_();
  if (!source) {
    status_ = tl::unexpected<Error>(source.error());
    return finish({1011, "the recording cannot be read"});
  }
  source_ = std::move(*source);
  if (options_.shift_messages) {
    source_ = std::make_unique<ShiftedMessages>(std::move(source_), Dialect::SpotV2,
                                                std::chrono::duration_cast<std::chrono::seconds>(shift_));
  }
  read_on();
  // What is past is taken at once: the books are those of now before anybody is answered.
  play_due();
}

// To the next message that matters, or to the end.
void Level3Playback::read_on() {
  next_.reset();
  while (source_ != nullptr) {
    auto frame = source_->next();
    if (!frame && status_) status_ = tl::unexpected<Error>(frame.error());
    if (!frame || !*frame) {
      source_.reset();
      return;
    }
    const Frame& one = **frame;
    next_at_ = one.at + shift_;
    if (web_requests_.holds(one) || one.direction != Direction::FromExchange) continue;
    next_closes_ = one.kind == FrameKind::Closed && carriers_.erase(one.connection) != 0;
    const bool tells = one.kind == FrameKind::Text && one.payload.find(kLevel3) != std::string_view::npos &&
                       one.payload.find(kMethod) == std::string_view::npos;
    if (tells) carriers_.insert(one.connection);
    if (!tells && !next_closes_) continue;
    next_ = std::string(one.payload);
    return;
  }
}

void Level3Playback::play_due() {
  while (next_ && next_at_ <= timers_.now()) {
    const std::string text = std::move(*next_);
    if (next_closes_) {
      const auto why = CloseInfo::parse(text).value_or(CloseInfo{1006, "recorded outage"});
      for (auto& [symbol, book] : books_) book.book.await_snapshot();
      front_.close_all(why);
    } else {
      Reading reading(*this, text);
      codec_->decode(text, reading);
    }
    read_on();
  }
  if (!next_) {
    // The clients of the other hosts hear of the end when the recording's last frame is due.
    timer_ = timers_.at(std::max(next_at_, timers_.now()), [this](Timestamp) {
      finish(status_ ? CloseInfo{1001, "recording ended"} : CloseInfo{1011, "the recording cannot be read"});
    });
    return;
  }
  timer_ = timers_.at(next_at_, [this](Timestamp) { play_due(); });
}

void Level3Playback::finish(const CloseInfo& why) {
  ended_ = true;
  front_.close_all(why);
}

Level3Playback::Book& Level3Playback::book_of(std::string_view symbol, int depth) {
  const auto found = books_.find(symbol);
  if (found != books_.end()) return found->second;
  const std::string name(symbol);
  return books_.try_emplace(name, name, depth).first->second;
}

void Level3Playback::take(const Level3Snapshot& snapshot, std::string_view /*text*/) {
  const auto depth = options_.depths.find(snapshot.symbol);
  if (depth == options_.depths.end()) return;
  Book& book = book_of(snapshot.symbol, depth->second);
  // A book that does not hold together is shown to nobody until the next snapshot.
  if (!book.book.reset(snapshot)) return;
  tell(book, snapshot.exchange_time, {});
  for (const auto& [connection, wanted] : std::exchange(book.awaiting, {})) send_snapshot(book, connection, wanted);
}

void Level3Playback::take(const Level3Update& update, std::string_view text) {
  const auto found = books_.find(update.symbol);
  if (found == books_.end() || found->second.book.state() != BookState::Live) return;
  // Who verifies a wrong checksum had better see it, too.
  const bool whole = found->second.book.apply(update).has_value();
  if (whole) return tell(found->second, update.exchange_time, text);
  for (const ConnectionId hearer :
       front_.subscribers({Channel::Level3, std::string(update.symbol), found->second.book.spec().depth, 0, {}})) {
    front_.send(hearer, text);
  }
}

void Level3Playback::tell(Book& book, std::optional<Timestamp> at, std::string_view verbatim) {
  const BookSpec& spec = book.book.spec();
  // First all is decided, then all is said: a client may act on what it hears at once.
  std::vector<std::pair<Feed, std::string>> news;
  for (auto one = book.told.begin(); one != book.told.end();) {
    Feed feed = Feed::of(Channel::Level3, spec.symbol);
    feed.depth = one->first;
    if (front_.subscribers(feed).empty()) {
      one = book.told.erase(one);
      continue;
    }
    Image now = image_of(book.book, feed.depth);
    std::string text;
    if (feed.depth == spec.depth && !verbatim.empty()) {
      text = verbatim;
    } else {
      std::vector<RestingOrder> bids;
      std::vector<RestingOrder> asks;
      add_change(bids, one->second.bids, now.bids, book.book);
      add_change(asks, one->second.asks, now.asks, book.book);
      if (!bids.empty() || !asks.empty()) {
        spot_v2::append_level3(text, Level3Update{.symbol = spec.symbol,
                                                  .bids = bids,
                                                  .asks = asks,
                                                  .checksum = book.book.checksum(),
                                                  .exchange_time = at.value_or(timers_.now())});
      }
    }
    one->second = std::move(now);
    if (!text.empty()) news.emplace_back(std::move(feed), std::move(text));
    ++one;
  }
  for (const auto& [feed, text] : news) {
    for (const ConnectionId hearer : front_.subscribers(feed)) {
      if (!book.awaiting.contains({hearer, feed.depth})) front_.send(hearer, text);
    }
  }
}

// Deletions first, with the last quantity that was told; then what changed or came into sight, best first.
void Level3Playback::add_change(std::vector<RestingOrder>& out, const std::vector<BookOrder>& before,
                                const std::vector<BookOrder>& after, const Level3Book& book) {
  std::set<std::string_view> seen;
  for (const BookOrder& order : after) seen.insert(order.order_id);
  std::map<std::string_view, const BookOrder*> known;
  for (const BookOrder& order : before) {
    known.emplace(order.order_id, &order);
    if (seen.contains(order.order_id)) continue;
    // An order that its owner has moved out of the window has left it, unlike one that the window leaves behind.
    const BookOrder* const now = book.find(order.order_id);
    if (now == nullptr || now->price != order.price) out.push_back(told(OrderAction::Delete, order));
  }
  for (const BookOrder& order : after) {
    const auto old = known.find(order.order_id);
    if (old == known.end()) {
      out.push_back(told(OrderAction::Add, order));
      continue;
    }
    const BookOrder& was = *old->second;
    const bool same =
        was.price == order.price && was.quantity == order.quantity && was.exchange_time == order.exchange_time;
    if (!same) out.push_back(told(OrderAction::Modify, order));
  }
}

Level3Playback::Image Level3Playback::image_of(const Level3Book& book, int depth) {
  const auto best = [depth](const Level3Book::Levels& levels) {
    std::vector<BookOrder> orders;
    int left = depth;
    for (const auto& [price, queue] : levels) {
      if (left-- == 0) break;
      orders.insert(orders.end(), queue.begin(), queue.end());
    }
    return orders;
  };
  return {best(book.bids()), best(book.asks())};
}

// ---- clients

bool Level3Playback::is_listed(std::string_view symbol) const { return options_.depths.contains(symbol); }

void Level3Playback::on_detached(ConnectionId connection) {
  guests_.erase(connection);
  uses_.erase(connection);
  options_.tokens.release(connection);
  for (auto& [symbol, book] : books_) {
    std::erase_if(book.awaiting, [connection](const auto& one) { return one.first == connection; });
  }
}

// Spot-v2 section 1.4.
bool Level3Playback::allows_snapshot(Use& use, int depth) const {
  if (!options_.snapshot_cost_per_second) return true;
  const Timestamp now = timers_.now();
  if (now - use.second_began_at >= std::chrono::seconds(1)) {
    use.second_began_at = now;
    use.cost = 0;
  }
  const int cost = depth <= 10 ? 5 : depth <= 100 ? 25 : 100;
  if (use.cost + cost > *options_.snapshot_cost_per_second) return false;
  use.cost += cost;
  return true;
}

void Level3Playback::on_request(const FeedRequest& request) {
  const Feed& feed = request.feed;
  Use& use = uses_[request.connection];
  if (request.method == Method::Unsubscribe) {
    --use.symbols;
    if (const auto found = books_.find(feed.symbol); found != books_.end()) {
      found->second.awaiting.erase({request.connection, feed.depth});
    }
    return front_.accept(request);
  }
  const int held = options_.depths.find(feed.symbol)->second;
  if (feed.depth > held) {
    return front_.refuse(request, fmt::format("{} is not in this recording, which holds depth {}", feed.text(), held));
  }
  if (options_.symbols && use.symbols >= *options_.symbols) {
    return front_.refuse(request, fmt::format("Limit of {} level3 symbols reached, when trying to subscribe to {}",
                                              *options_.symbols, feed.symbol));
  }
  if (request.snapshot && !allows_snapshot(use, feed.depth)) {
    return front_.refuse(
        request,
        fmt::format("Rate limit for snapshot requests exceeded, when trying to subscribe to {} level3 snapshot",
                    feed.symbol));
  }
  ++use.symbols;
  front_.accept(request);
  if (!front_.is_subscribed(request.connection, feed)) return;
  Book& book = book_of(feed.symbol, held);
  if (!request.snapshot) {
    if (book.book.state() == BookState::Live) book.told.try_emplace(feed.depth, image_of(book.book, feed.depth));
  } else if (book.book.state() == BookState::Live) {
    send_snapshot(book, request.connection, feed.depth);
  } else {
    book.awaiting.insert({request.connection, feed.depth});
  }
}

void Level3Playback::send_snapshot(Book& book, ConnectionId connection, int depth) {
  const auto image = book.told.try_emplace(depth, image_of(book.book, depth)).first;
  const auto bids = all_told(image->second.bids);
  const auto asks = all_told(image->second.asks);
  std::string text;
  spot_v2::append_level3(text, Level3Snapshot{.symbol = book.book.spec().symbol,
                                              .bids = bids,
                                              .asks = asks,
                                              .checksum = book.book.checksum(),
                                              .exchange_time = timers_.now()});
  front_.send(connection, text);
}

}  // namespace ktape
