// What PlaybackExchange tells its clients when a recorded message is due.

#include <utility>

#include "replay/playback_exchange.hpp"

namespace ktape {

void PlaybackExchange::send_to(const std::vector<ConnectionId>& clients, std::string_view text) {
  if (text.empty()) return;
  for (const auto client : clients) front_->send(client, text);
}

void PlaybackExchange::tell(std::vector<Touched>& touched, std::string_view text) {
  for (auto& one : touched) {
    if (one.snapshot) {
      tell_snapshot(one, text);
    } else {
      tell_update(one, text);
    }
  }
}

// First all is decided, then all is said: a client may act on what it hears at once.
void PlaybackExchange::tell_snapshot(Touched& touched, std::string_view text) {
  auto& track = *touched.track;
  track.fresh = true;
  take_in_orphans(touched);
  const bool complete = track.state->complete();
  std::vector<ConnectionId> owed, served;
  std::vector<News> news;
  // Smaller books first for those who hold one already: after that every image is of now.
  change_smaller_books(touched, news);
  for (auto& listener : track.listeners) {
    const bool awaited = listener.awaiting;
    if (listener.feed == touched.feed) {
      listener.awaiting = false;
      (awaited ? owed : served).push_back(listener.client);
    } else if (complete) {
      listener.awaiting = false;
      auto snapshot = smaller_snapshot(track, listener.feed);
      if (awaited) news.push_back({{listener.client}, {std::move(snapshot)}});
    }
  }
  if (touched.before && complete) news.push_back({std::move(served), track.state->difference(*touched.before)});
  take_in_abandoned(touched, text, news);
  send_to(owed, text);
  send(news);
}

void PlaybackExchange::tell_update(Touched& touched, std::string_view text) {
  const bool is_book = touched.feed.channel == Channel::Book;
  if (!is_book) take_in_orphans(touched);
  std::vector<News> news;
  // Where nothing is known of what they missed, they hear what comes.
  if (touched.track->state->is_momentary()) take_in_abandoned(touched, {}, news);
  std::vector<ConnectionId> hearers;
  for (auto& listener : touched.track->listeners) {
    if (listener.feed != touched.feed) continue;
    // Without its beginning a book's update is of no use; who replays the recorded client hears it nevertheless.
    if (is_book && listener.awaiting && !listener.verbatim) continue;
    // For who has heard of it, a later snapshot is no beginning any more.
    if (!listener.verbatim) listener.awaiting = false;
    hearers.push_back(listener.client);
  }
  change_smaller_books(touched, news);
  if (!is_book) take_in_abandoned(touched, {}, news);
  send_to(hearers, text);
  send(news);
}

void PlaybackExchange::send(const std::vector<News>& news) {
  for (const auto& [clients, texts] : news) {
    for (const auto& text : texts) send_to(clients, text);
  }
}

// Spot-v2 section 5.3, the server's side; Spot v1 has the same rules.
void PlaybackExchange::change_smaller_books(Touched& touched, std::vector<News>& news) {
  auto& track = *touched.track;
  if (track.images.empty() || !track.state->complete()) return;
  auto& book = track.state->teller()->book();
  for (auto at = track.images.begin(); at != track.images.end();) {
    auto& [depth, image] = *at;
    std::vector<ConnectionId> hearers;
    for (const auto& listener : track.listeners) {
      const bool holds_it = listener.feed.depth == depth && listener.feed != touched.feed && !listener.awaiting;
      if (holds_it) hearers.push_back(listener.client);
    }
    if (hearers.empty()) {
      at = track.images.erase(at);
      continue;
    }
    auto now = BookImage::of(book, static_cast<std::size_t>(depth));
    Feed feed = touched.feed;
    feed.depth = depth;
    auto texts = difference(touched, feed, std::exchange(image, now), now);
    news.push_back({std::move(hearers), std::move(texts)});
    ++at;
  }
}

// The update of `feed` that turns one image of the touched book into another; none if they are the same.
std::vector<std::string> PlaybackExchange::difference(const Touched& touched, const Feed& feed, const BookImage& before,
                                                      const BookImage& after) {
  auto& teller = *touched.track->state->teller();
  const auto change = BookChange::between(before, after, teller.book());
  if (change.empty()) return {};
  return {teller.update_as(feed, change)};
}

// Those who subscribed before the recording had come to this feed.
void PlaybackExchange::take_in_orphans(Touched& touched) {
  auto& orphans = touched.group->orphans;
  touched.track->listeners.insert(touched.track->listeners.end(), orphans.begin(), orphans.end());
  orphans.clear();
}

// Those who heard this feed from a recorded connection on which it has ended. What they know is that one's state.
void PlaybackExchange::take_in_abandoned(Touched& touched, std::string_view snapshot, std::vector<News>& news) {
  auto& own = *touched.track;
  if (!own.state->complete()) return;
  for (auto& [connection, track] : touched.group->tracks) {
    if (&track == touched.track || track.live || track.listeners.empty()) continue;
    const auto missed = track.state->complete() ? own.state->difference(*track.state) : std::vector<std::string>();
    for (auto& listener : track.listeners) {
      const auto depth = static_cast<std::size_t>(listener.feed.depth);
      if (listener.feed == touched.feed) {
        news.push_back({{listener.client}, listener.awaiting ? std::vector{std::string(snapshot)} : missed});
      } else if (const auto image = track.images.find(listener.feed.depth);
                 !listener.awaiting && image != track.images.end()) {
        const auto now = BookImage::of(own.state->teller()->book(), depth);
        news.push_back({{listener.client}, difference(touched, listener.feed, image->second, now)});
        own.images.try_emplace(listener.feed.depth, now);
      } else {
        news.push_back({{listener.client}, {smaller_snapshot(own, listener.feed)}});
      }
      listener.awaiting = listener.awaiting && snapshot.empty();
      own.listeners.push_back(std::move(listener));
    }
    track.listeners.clear();
    track.images.clear();
  }
}

}  // namespace ktape
