// What clients ask of PlaybackExchange: who waits for which recorded answer, and who is answered now.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "replay/playback_exchange.hpp"

namespace ktape {

void PlaybackExchange::attach(ConnectionId connection, const Endpoint& /*endpoint*/, FrameSink& client) {
  front_->attach(connection, client);
}

bool PlaybackExchange::is_listed(std::string_view symbol) const { return symbols_.contains(symbol); }

void PlaybackExchange::wake() {
  if (!ended_ || !status_ || options_.at_end != PlaybackEnd::RestartOnAttach) return;
  if (auto started = restart(); !started) status_ = started;
}

void PlaybackExchange::on_attached(ConnectionId connection) {
  wake();
  if (ended_ || !status_) {
    front_->close(connection, status_ ? CloseInfo{1001, "recording ended"} : CloseInfo{1011, "recording unreadable"});
    return;
  }
  clients_.try_emplace(connection);
  // Before the recorded connections stand, the recorded status is worth waiting for.
  const bool standing = std::any_of(recorded_.begin(), recorded_.end(),
                                    [](const auto& one) { return one.second.open && one.second.greeted; });
  if (standing || !ahead_->next_status()) front_->greet(connection);
}

std::string PlaybackExchange::greeting(ConnectionId connection) {
  if (imposed_system_) return front_->status_text(connection, *imposed_system_);
  if (!greeting_.empty()) return greeting_;
  // Who comes while time still stands at the recorded greeting is not late for it.
  if (!recent_greeting_.second.empty() && recent_greeting_.first == timers_.now()) return recent_greeting_.second;
  return front_->status_text(connection, system_);
}

void PlaybackExchange::on_detached(ConnectionId connection) {
  const auto gone = clients_.extract(connection);
  if (gone.empty()) return;
  for (const auto& [feed, recorded] : gone.mapped().recorded_as) drop_listener(connection, feed, recorded);
  for (auto& [sequence, waiting] : waiting_) {
    std::erase_if(waiting, [&](const auto& one) { return one.first == connection; });
  }
  for (auto& [sequence, waiting] : echoes_) std::erase(waiting, connection);
}

void PlaybackExchange::on_request(const FeedRequest& request) {
  auto& client = clients_[request.connection];
  const auto& queue = client.pending[request.feed];
  std::uint64_t after = 0;
  for (const auto& one : queue) after = std::max(after, one.reply.value_or(0));
  const auto reply = find_reply(client, request, after);
  if (!reply && queue.empty()) {
    answer_now(request);
  } else {
    enqueue(request, reply);
  }
}

// The recorded answer to wait for, if any. `after`: an earlier request for this feed waits for that one.
std::optional<std::uint64_t> PlaybackExchange::find_reply(const Client& client, const FeedRequest& request,
                                                          std::uint64_t after) const {
  const bool follows = after != 0;
  const bool subscribing = request.method == Method::Subscribe;
  const auto latest = timers_.now() + (subscribing ? options_.lookahead.span : options_.answer_window);
  const auto is_live = [&](const auto& track) { return track.second.live; };
  const auto group = groups_.find(request.feed);
  const bool live =
      group != groups_.end() && std::any_of(group->second.tracks.begin(), group->second.tracks.end(), is_live);
  // What flows already is joined now, unless the client follows its own recorded connection.
  const bool only_home = subscribing && live && !follows;
  if (only_home && client.home) {
    const auto own = group->second.tracks.find(*client.home);
    if (own != group->second.tracks.end() && own->second.live) return std::nullopt;
  }
  if (only_home && !client.home) return std::nullopt;

  std::optional<std::uint64_t> best;
  std::size_t best_claims = 0;
  ahead_->each_reply([&](const RecordedFrame& frame) {
    if (frame.at + shift_ > latest) return false;
    const auto& reply = *frame.reply;
    if (frame.sequence <= after || !reply.feed || *reply.feed != request.feed) return true;
    if (reply.method != to_string(request.method)) return true;
    if (client.home == frame.connection) {
      best = frame.sequence;
      return false;
    }
    if (only_home) return true;
    // Clients that play several recorded connections at once each take their own.
    const auto claims = waiting_.find(frame.sequence);
    const auto count = claims == waiting_.end() ? 0 : claims->second.size();
    if (!best || (count < best_claims && !client.home)) {
      best = frame.sequence;
      best_claims = count;
    }
    return true;
  });
  return best;
}

void PlaybackExchange::enqueue(const FeedRequest& request, std::optional<std::uint64_t> reply) {
  if (reply) waiting_[*reply].emplace_back(request.connection, request.feed);
  clients_[request.connection].pending[request.feed].push_back({request, reply});
}

// Answers that waited only for their turn.
void PlaybackExchange::drain(ConnectionId connection, const Feed& feed) {
  for (;;) {
    const auto client = clients_.find(connection);
    if (client == clients_.end()) return;
    const auto at = client->second.pending.find(feed);
    if (at == client->second.pending.end()) return;
    auto& queue = at->second;
    if (queue.empty()) {
      client->second.pending.erase(at);
      return;
    }
    if (queue.front().reply) return;
    const auto request = queue.front().request;
    queue.pop_front();
    answer_now(request);
  }
}

void PlaybackExchange::answer_now(const FeedRequest& request) {
  if (request.method == Method::Subscribe) {
    if (const auto recorded = recorded_feed_for(request.feed)) {
      join(request, *recorded);
    } else if (request.feed.channel == Channel::Heartbeat) {
      // Who asks for it waits for it, whether the recorded client did or not.
      front_->accept(request);
      front_->start_heartbeats(request.connection);
    } else {
      front_->refuse(request, why_not(request.feed));
    }
    return;
  }
  auto& served = clients_[request.connection].recorded_as;
  if (const auto at = served.find(request.feed); at != served.end()) {
    drop_listener(request.connection, request.feed, at->second);
    served.erase(at);
  }
  front_->accept(request);
}

void PlaybackExchange::answer_verbatim(const FeedRequest& request, const RecordedFrame& frame) {
  if (request.method == Method::Subscribe) {
    // The recorded answer must be true for this request, too.
    const bool same = request.snapshot == frame.reply->snapshot;
    add_listener(request, request.feed, frame.connection, true);
    return same ? front_->accept_verbatim(request, frame.payload) : front_->accept(request);
  }
  auto& served = clients_[request.connection].recorded_as;
  if (const auto at = served.find(request.feed); at != served.end()) {
    drop_listener(request.connection, request.feed, at->second);
    served.erase(at);
  }
  front_->accept_verbatim(request, frame.payload);
}

// The recorded feed that can serve it: itself, or a deeper book; rather one that flows now.
std::optional<Feed> PlaybackExchange::recorded_feed_for(const Feed& wanted) const {
  std::optional<Feed> best;
  bool best_live = false;
  for (auto at = known_.lower_bound(wanted); at != known_.end(); ++at) {
    const bool deeper = wanted.channel == Channel::Book && at->channel == Channel::Book && at->symbol == wanted.symbol;
    if (*at != wanted && !deeper) break;
    const auto group = groups_.find(*at);
    const bool live = group != groups_.end() && std::any_of(group->second.tracks.begin(), group->second.tracks.end(),
                                                            [](const auto& track) { return track.second.live; });
    if (!best || (live && !best_live)) {
      best = *at;
      best_live = live;
    }
    if (best_live) break;
  }
  return best;
}

std::string PlaybackExchange::why_not(const Feed& wanted) const {
  std::string held;
  for (const auto& feed : known_) {
    if (feed.channel == wanted.channel && feed.symbol == wanted.symbol) {
      held += fmt::format("{}{}", held.empty() ? ", which holds " : ", ", feed.text());
    }
  }
  return fmt::format("{} is not in this recording{}", wanted.text(), held);
}

void PlaybackExchange::join(const FeedRequest& request, const Feed& recorded) {
  auto& group = groups_[recorded];
  const auto home = clients_[request.connection].home;
  std::optional<ConnectionId> source;
  bool live = false;
  for (const auto& [connection, track] : group.tracks) {
    const bool better = !source || (track.live && (!live || home == connection));
    if (!better) continue;
    source = connection;
    live = track.live;
  }
  add_listener(request, recorded, source, false);
  front_->accept(request);
  if (!source || !request.snapshot || !front_->is_subscribed(request.connection, request.feed)) return;

  auto& track = group.tracks[*source];
  const bool is_book = recorded.channel == Channel::Book;
  if (!track.state->complete() || (is_book && !(track.live && track.fresh))) return;
  for (auto& listener : track.listeners) {
    if (listener.client == request.connection && listener.feed == request.feed) listener.awaiting = false;
  }
  send_to({request.connection},
          request.feed == recorded ? track.state->snapshot() : smaller_snapshot(track, request.feed));
}

// The snapshot of a book at a smaller depth; from then on that depth is kept up.
std::string PlaybackExchange::smaller_snapshot(Track& track, const Feed& feed) {
  auto& teller = *track.state->teller();
  const auto image = BookImage::of(teller.book(), static_cast<std::size_t>(feed.depth));
  track.images.try_emplace(feed.depth, image);
  return teller.snapshot_as(feed, image);
}

void PlaybackExchange::add_listener(const FeedRequest& request, const Feed& feed, std::optional<ConnectionId> source,
                                    bool verbatim) {
  auto& client = clients_[request.connection];
  client.recorded_as.insert_or_assign(request.feed, feed);
  const Listener listener{request.connection, request.feed, request.snapshot, verbatim};
  auto& group = groups_[feed];
  if (!source) {
    group.orphans.push_back(listener);
    return;
  }
  if (!client.home && recorded(*source).open) client.home = source;
  group.tracks[*source].listeners.push_back(listener);
}

void PlaybackExchange::drop_listener(ConnectionId connection, const Feed& feed, const Feed& recorded) {
  auto& group = groups_[recorded];
  const auto is_it = [&](const Listener& one) { return one.client == connection && one.feed == feed; };
  std::erase_if(group.orphans, is_it);
  for (auto& [source, track] : group.tracks) std::erase_if(track.listeners, is_it);
}

// A pong or a refusal that the recorded client got, too, is heard when that client heard it.
bool PlaybackExchange::takes_over(ConnectionId connection, const Reply& answer) {
  const auto client = clients_.find(connection);
  if (client == clients_.end()) return false;
  const auto latest = timers_.now() + options_.answer_window;
  const auto home = client->second.home;
  bool taken = false;
  ahead_->each_reply([&](const RecordedFrame& frame) {
    if (frame.at + shift_ > latest) return false;
    const auto& reply = *frame.reply;
    const bool same = reply.method == answer.method && reply.request_id == answer.request_id &&
                      reply.error == answer.error && reply.symbol == answer.symbol && !reply.feed;
    if (!same || (home && home != frame.connection)) return true;
    auto& waiting = echoes_[frame.sequence];
    if (std::find(waiting.begin(), waiting.end(), connection) != waiting.end()) return true;
    waiting.push_back(connection);
    taken = true;
    return false;
  });
  return taken;
}

}  // namespace ktape
