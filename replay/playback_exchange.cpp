#include "replay/playback_exchange.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "replay/shifted_messages.hpp"

namespace ktape {
namespace {

std::unique_ptr<Front> make_front(TimerService& timers, Front::Backend& backend, const PlaybackOptions& options) {
  const auto with_heartbeats = [&options](auto front) {
    front.generate_heartbeats = options.generate_heartbeats;
    return front;
  };
  switch (options.dialect) {
    case Dialect::SpotV2:
      break;
    case Dialect::SpotV1:
      return std::make_unique<SpotV1Front>(timers, backend, with_heartbeats(options.spot_v1_front));
    case Dialect::FuturesV1:
      return std::make_unique<FuturesFront>(timers, backend, with_heartbeats(options.futures_front));
  }
  return std::make_unique<SpotV2Front>(timers, backend, with_heartbeats(options.front));
}

}  // namespace

// Applies the events of one message to the feeds they belong to, and notes what it was.
class PlaybackExchange::Reading final : public EventSink {
 public:
  Reading(PlaybackExchange& owner, ConnectionId recorded, std::string_view text)
      : owner_(owner), recorded_(recorded), text_(text) {}

  void on_event(const Event& event) override {
    something = true;
    if (const auto* status = std::get_if<StatusChange>(&event)) {
      owner_.system_ = status->system;
    } else if (std::holds_alternative<UnknownMessage>(event)) {
      unknown = true;
    } else {
      const auto feeds = owner_.route(event, text_, recorded_);
      // Heartbeats are no feed in Spot.
      heartbeat = heartbeat || (feeds.empty() && std::holds_alternative<Heartbeat>(event));
      for (const auto& feed : feeds) touch(feed, is_snapshot(event)).state->take(event, text_);
    }
  }

  // A snapshot of nothing belongs to the feed that is owed one: in Spot v2 it has no symbol.
  void take_empty_snapshot() {
    if (something) return;
    const auto empty = owner_.dialect_.feed_of_empty_snapshot(text_);
    if (!empty) return;
    for (const auto& [key, feeds] : owner_.recorded(recorded_).routes.all()) {
      if (key.first != empty->channel || (!empty->symbol.empty() && key.second != empty->symbol)) continue;
      for (const auto& feed : feeds) {
        if (owner_.track_of(feed, recorded_).fresh) continue;
        touch(feed, true);
        return;
      }
    }
  }

  std::vector<Touched> touched;
  bool heartbeat = false;
  bool unknown = false;
  bool something = false;

 private:
  static bool is_snapshot(const Event& event) {
    if (const auto* trade = std::get_if<Trade>(&event)) return trade->snapshot;
    if (const auto* ticker = std::get_if<Ticker>(&event)) return ticker->snapshot;
    if (const auto* candle = std::get_if<Candle>(&event)) return candle->snapshot;
    if (const auto* instrument = std::get_if<InstrumentUpdate>(&event)) return instrument->snapshot;
    return std::holds_alternative<BookSnapshot>(event);
  }

  Track& touch(const Feed& feed, bool snapshot) {
    for (auto& one : touched) {
      if (one.feed == feed) return *one.track;
    }
    auto& track = owner_.track_of(feed, recorded_);
    auto& added = touched.emplace_back(Touched{feed, &owner_.groups_[feed], &track, snapshot, nullptr});
    const auto served = [](const Listener& listener) { return !listener.awaiting; };
    if (snapshot && std::any_of(track.listeners.begin(), track.listeners.end(), served)) {
      added.before = track.state->copy();
    }
    return track;
  }

  PlaybackExchange& owner_;
  ConnectionId recorded_;
  std::string_view text_;
};

Result<std::unique_ptr<PlaybackExchange>> PlaybackExchange::create(TimerService& timers, Open open,
                                                                   PlaybackOptions options) {
  std::unique_ptr<PlaybackExchange> exchange(new PlaybackExchange(timers, std::move(open), std::move(options)));
  if (auto started = exchange->start(); !started) return tl::unexpected<Error>(started.error());
  if (exchange->ahead_->empty()) return fail(Errc::InvalidArgument, "the recording has nothing that an exchange said");
  return exchange;
}

PlaybackExchange::PlaybackExchange(TimerService& timers, Open open, PlaybackOptions options)
    : timers_(timers),
      open_(std::move(open)),
      options_(std::move(options)),
      dialect_(RecordedDialect::of(options_.dialect)),
      front_(make_front(timers, *this, options_)),
      shift_(options_.shift) {}

// From the first frame, due at its stamp and the shift.
Result<void> PlaybackExchange::start() {
  auto source = open_();
  if (!source) return tl::unexpected<Error>(source.error());
  if (options_.rebase_step > Duration::zero()) {
    const auto by = std::chrono::duration_cast<std::chrono::seconds>(shift_);
    KTAPE_ASSERT(by == shift_, "times inside of messages are moved by whole seconds");
    source = std::make_unique<ShiftedMessages>(std::move(*source), options_.dialect, by);
  }
  groups_.clear();
  recorded_.clear();
  waiting_.clear();
  echoes_.clear();
  known_ = std::set<Feed>(options_.known_feeds.begin(), options_.known_feeds.end());
  ahead_ = std::make_unique<Lookahead>(dialect_, std::move(*source), options_.lookahead);
  // Nothing is ahead yet: this reads the first frame, and with it where the recording begins.
  if (auto read = ahead_->fill(Timestamp::min()); !read) return read;
  if (!ahead_->empty()) {
    start_ = ahead_->front().at + shift_;
    if (auto read = ahead_->fill(ahead_->front().at); !read) return read;
  }
  note_feeds();
  ended_ = false;
  schedule();
  return {};
}

// Anew, beginning now.
Result<void> PlaybackExchange::restart() {
  const Duration since = timers_.now() - start_;
  const Duration step = options_.rebase_step;
  if (step == Duration::zero()) {
    shift_ += since;
  } else {
    // At least one step, for what is shorter would be over at once, again and again.
    shift_ += std::max(since - since % step, step);
  }
  return start();
}

Result<void> PlaybackExchange::seek(Timestamp recorded) {
  ended_ = true;  // who asks meanwhile
  timer_ = Timer();
  front_->close_all({1001, "the recording was moved"});
  shift_ = timers_.now() - recorded;
  if (const Duration step = options_.rebase_step; step > Duration::zero()) {
    const Duration beyond = ((shift_ % step) + step) % step;
    if (beyond > Duration::zero()) shift_ += step - beyond;
  }
  if (auto started = start(); !started) {
    ended_ = true;
    status_ = started;
    return started;
  }
  play_due();
  return status_;
}

void PlaybackExchange::note_feeds() {
  if (known_.size() < ahead_->feeds().size() + options_.known_feeds.size()) {
    known_.insert(ahead_->feeds().begin(), ahead_->feeds().end());
  }
  for (const auto& feed : known_) {
    if (!feed.symbol.empty()) symbols_.insert(feed.symbol);
  }
}

void PlaybackExchange::schedule() {
  if (ahead_->empty()) return;
  timer_ = timers_.at(ahead_->front().at + shift_, [this](Timestamp) { play_due(); });
}

void PlaybackExchange::play_due() {
  while (!ahead_->empty() && ahead_->front().at + shift_ <= timers_.now()) {
    const auto frame = ahead_->pop();
    play(frame);
    const auto known_before = ahead_->feeds().size();
    if (auto read = ahead_->fill(frame.at); !read && status_) status_ = read;
    if (ahead_->feeds().size() != known_before) note_feeds();
  }
  if (ahead_->empty()) return finish();
  schedule();
}

void PlaybackExchange::finish() {
  ended_ = true;
  const bool lasted = timers_.now() > start_;
  front_->close_all(status_ ? CloseInfo{1001, "recording ended"} : CloseInfo{1011, "the recording cannot be read"});
  // One without any length would start again for ever in one instant.
  if (options_.at_end != PlaybackEnd::RestartAtOnce || !status_ || !lasted) return;
  if (auto started = restart(); !started) status_ = started;
}

PlaybackExchange::Recorded& PlaybackExchange::recorded(ConnectionId connection) {
  return recorded_.try_emplace(connection, dialect_).first->second;
}

void PlaybackExchange::play(const RecordedFrame& frame) {
  switch (frame.kind) {
    case FrameKind::Opened:
      recorded_.erase(frame.connection);
      recorded(frame.connection).open = true;
      break;
    case FrameKind::Closed:
      play_closed(frame);
      break;
    case FrameKind::Text:
      recorded(frame.connection).open = true;
      play_text(frame);
      break;
    case FrameKind::Binary:
    case FrameKind::Ping:
    case FrameKind::Pong:
      break;  // whoever holds the socket looks after these
  }
}

void PlaybackExchange::play_text(const RecordedFrame& frame) {
  Reading reading(*this, frame.connection, frame.payload);
  // Of answers, too, a codec may have to learn.
  recorded(frame.connection).codec->decode(frame.payload, reading);
  if (frame.reply) return play_reply(frame);
  reading.take_empty_snapshot();
  if (frame.is_status) {
    play_status(frame, std::exchange(recorded(frame.connection).greeted, true));
  } else if (reading.heartbeat || reading.unknown) {
    // What nobody can know is told to those who live through this connection, like a heartbeat.
    auto hearers = residents(frame.connection);
    if (reading.heartbeat && options_.generate_heartbeats) hearers.clear();
    std::erase_if(hearers, [&](ConnectionId client) {
      return reading.heartbeat ? !front_->hears_heartbeats(client) : !front_->has_subscribed(client);
    });
    send_to(hearers, frame.payload);
  } else {
    tell(reading.touched, frame.payload);
  }
}

void PlaybackExchange::play_reply(const RecordedFrame& frame) {
  const auto& reply = *frame.reply;
  if (reply.feed) {
    auto& track = track_of(*reply.feed, frame.connection);
    auto& routes = recorded(frame.connection).routes;
    track.live = reply.method == "subscribe";
    track.fresh = false;
    if (track.live) {
      routes.subscribed(*reply.feed);
    } else {
      routes.unsubscribed(*reply.feed);
    }
  }
  if (auto waiting = waiting_.extract(frame.sequence); !waiting.empty()) {
    for (const auto& [connection, feed] : waiting.mapped()) {
      const auto client = clients_.find(connection);
      if (client == clients_.end()) continue;
      auto& queue = client->second.pending[feed];
      KTAPE_ASSERT(!queue.empty() && queue.front().reply == frame.sequence, "answers come in the order of requests");
      const auto request = queue.front().request;
      queue.pop_front();
      answer_verbatim(request, frame);
      drain(connection, feed);
    }
  }
  if (auto echo = echoes_.extract(frame.sequence); !echo.empty()) send_to(echo.mapped(), frame.payload);
}

void PlaybackExchange::play_status(const RecordedFrame& frame, bool change) {
  std::vector<ConnectionId> told;
  if (change && !imposed_system_) {
    told = residents(frame.connection);
    std::erase_if(told, [&](ConnectionId client) { return !front_->is_greeted(client); });
  }
  greeting_ = frame.payload;
  for (const auto client : front_->connections()) front_->greet(client);
  greeting_.clear();
  if (!change) recent_greeting_ = {timers_.now(), std::string(frame.payload)};
  send_to(told, frame.payload);
}

Result<void> PlaybackExchange::set_system(std::optional<std::string> system) {
  if (options_.dialect == Dialect::FuturesV1) {
    return fail(Errc::Unsupported, "the status of Futures tells nothing of the matching engine");
  }
  imposed_system_ = std::move(system);
  for (const ConnectionId connection : front_->connections()) {
    if (!front_->is_greeted(connection)) continue;  // its greeting will tell
    front_->send(connection, front_->status_text(connection, imposed_system_.value_or(system_)));
  }
  return {};
}

void PlaybackExchange::play_closed(const RecordedFrame& frame) {
  if (!recorded(frame.connection).open) return;  // an attempt that failed
  auto affected = residents(frame.connection);
  for (auto& [feed, group] : groups_) {
    const auto track = group.tracks.find(frame.connection);
    if (track == group.tracks.end()) continue;
    track->second.live = false;
    track->second.fresh = false;
    for (const auto& listener : track->second.listeners) affected.push_back(listener.client);
  }
  recorded_.erase(frame.connection);
  std::sort(affected.begin(), affected.end());
  affected.erase(std::unique(affected.begin(), affected.end()), affected.end());
  // Where the recorded client itself went away there was no outage.
  const bool outage = frame.direction == Direction::FromExchange && options_.close_on_recorded_outage;
  const auto why = CloseInfo::parse(frame.payload).value_or(CloseInfo{1006, "recorded outage"});
  for (const auto connection : affected) {
    if (outage) {
      front_->close(connection, why);
    } else if (const auto client = clients_.find(connection);
               client != clients_.end() && client->second.home == frame.connection) {
      client->second.home.reset();
    }
  }
}

PlaybackExchange::Track& PlaybackExchange::track_of(const Feed& feed, ConnectionId recorded) {
  auto& track = groups_[feed].tracks[recorded];
  if (!track.state) {
    track.state = dialect_.make_state(feed);
    if (known_.insert(feed).second && !feed.symbol.empty()) symbols_.insert(feed.symbol);
  }
  return track;
}

// The recorded feeds that an event belongs to.
std::vector<Feed> PlaybackExchange::route(const Event& event, std::string_view text, ConnectionId connection) {
  auto routed = recorded(connection).routes.of(event, text);
  if (routed.learnt) track_of(routed.feeds.front(), connection).live = true;
  return std::move(routed.feeds);
}

std::optional<ConnectionId> PlaybackExchange::home_of(const Client& client) const {
  if (client.home) return client.home;
  for (const auto& [connection, recorded] : recorded_) {
    if (recorded.open) return connection;
  }
  return std::nullopt;
}

std::vector<ConnectionId> PlaybackExchange::residents(ConnectionId recorded) const {
  std::vector<ConnectionId> all;
  for (const auto& [connection, client] : clients_) {
    if (home_of(client) == recorded) all.push_back(connection);
  }
  return all;
}

}  // namespace ktape
