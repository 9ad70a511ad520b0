#include "replay/session_set.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace ktape {

struct SessionSet::Found {
  std::string name;
  SessionInfo info;
  SessionSummary summary;
  std::vector<Gap> gaps;
};

Result<std::unique_ptr<SessionSet>> SessionSet::open(const std::vector<std::string>& paths, Opener opener) {
  std::unique_ptr<SessionSet> set(new SessionSet());
  std::map<std::string, std::vector<Found>> by_id;
  const auto look_at = [&](const std::string& name, bool named) -> Result<void> {
    auto reader = opener(name);
    if (!reader) {
      // A kill between the birth of a segment and its header: what it was to hold is in the one before.
      const bool unfinished = reader.error().code == Errc::Corrupt || reader.error().code == Errc::Parse;
      if (named || !unfinished) return tl::unexpected(reader.error());
      set->left_out_.push_back(reader.error().detail);
      return {};
    }
    auto summary = (*reader)->summary();
    if (!summary) return tl::unexpected(summary.error());
    const SessionInfo& info = (*reader)->info();
    by_id[info.session_id].push_back({name, info, std::move(*summary), (*reader)->gaps()});
    return {};
  };
  for (const std::string& path : paths) {
    const auto inside = recordings_in(path);
    if (!inside) return tl::unexpected(inside.error());
    if (!*inside) {
      if (auto looked = look_at(path, true); !looked) return tl::unexpected(looked.error());
      continue;
    }
    for (const std::string& name : **inside) {
      if (auto looked = look_at(name, false); !looked) return tl::unexpected(looked.error());
    }
  }
  if (by_id.empty()) {
    return fail(Errc::NotFound, set->left_out_.empty() ? "there is no recording to read" : set->left_out_.front());
  }
  if (by_id.size() > kMaxSessions) {
    return fail(Errc::Limit, fmt::format("{} sessions are more than {}, which is as many as can be played together",
                                         by_id.size(), kMaxSessions));
  }
  for (auto& [id, files] : by_id) {
    if (auto added = set->add(id, std::move(files), opener); !added) return tl::unexpected(added.error());
  }
  return set;
}

Result<void> SessionSet::add(std::string id, std::vector<Found> files, const Opener& opener) {
  std::stable_sort(files.begin(), files.end(),
                   [](const Found& a, const Found& b) { return a.info.segment < b.info.segment; });
  Session session{.info = files.front().info, .files = {}, .frames = 0, .first_at = {}, .last_at = {}};
  Lane lane;
  std::set<ConnectionId> connections;
  for (const Found& file : files) {
    if (file.info.dialect != session.info.dialect) {
      return fail(Errc::InvalidArgument,
                  fmt::format("{} and {} are both of the session {}, but their dialects are '{}' and '{}'",
                              files.front().name, file.name, id, session.info.dialect, file.info.dialect));
    }
    session.files.push_back(file.name);
    session.frames += file.summary.frames;
    if (file.summary.first_at) {
      session.first_at = std::min(session.first_at.value_or(*file.summary.first_at), *file.summary.first_at);
      session.last_at = std::max(session.last_at.value_or(*file.summary.last_at), *file.summary.last_at);
    }
    for (const StreamCount& stream : file.summary.streams) connections.insert(stream.connection);
  }
  auto source = SegmentedSource::open(session.files, opener);
  if (!source) return tl::unexpected(source.error());
  lane.source = std::move(*source);
  lanes_.push_back(std::move(lane));
  sessions_.push_back(std::move(session));
  const std::size_t place = lanes_.size() - 1;
  for (const ConnectionId connection : connections) number_of(place, connection);
  for (Found& file : files) {
    for (Gap& gap : file.gaps) {
      if (gap.connection) gap.connection = number_of(place, *gap.connection);
      lanes_[place].gaps.push_back(std::move(gap));
    }
  }
  return {};
}

ConnectionId SessionSet::number_of(std::size_t lane, ConnectionId recorded) {
  const auto [place, is_new] = lanes_[lane].numbers.try_emplace(recorded, recorded);
  if (!is_new) return place->second;
  if (lane_by_number_.contains(recorded)) {
    // Beyond all that are taken; where the last number of all is, the first that is free.
    auto number = static_cast<std::uint32_t>(lane_by_number_.rbegin()->first) + 1;
    while (lane_by_number_.contains(ConnectionId{number})) ++number;
    place->second = ConnectionId{number};
  }
  lane_by_number_[place->second] = lane;
  return place->second;
}

Result<std::optional<Frame>> SessionSet::next() {
  if (given_) {
    lanes_[*given_].asked = false;
    given_.reset();
  }
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    if (!lane.asked) {
      auto frame = lane.source->next();
      if (!frame) return tl::unexpected(frame.error());
      lane.head = *frame;
      lane.asked = true;
      if (lane.head) lane.front = std::max(lane.front, lane.head->at);
    }
    if (lane.head && (!first || lane.front < lanes_[*first].front)) first = i;
  }
  if (!first) return std::nullopt;
  Lane& lane = lanes_[*first];
  given_ = first;
  Frame frame = *lane.head;
  frame.connection = number_of(*first, frame.connection);
  return frame;
}

void SessionSet::rewind() {
  given_.reset();
  for (Lane& lane : lanes_) {
    lane.source->rewind();
    lane.asked = false;
    lane.front = Timestamp::min();
  }
}

Result<void> SessionSet::seek(Timestamp at) {
  given_.reset();
  for (Lane& lane : lanes_) {
    if (auto done = lane.source->seek(at); !done) return done;
    lane.asked = false;
    lane.front = Timestamp::min();
  }
  return {};
}

std::size_t SessionSet::session_of(ConnectionId connection) const {
  const auto found = lane_by_number_.find(connection);
  return found == lane_by_number_.end() ? 0 : found->second;
}

std::optional<Timestamp> SessionSet::first_at() const {
  std::optional<Timestamp> first;
  for (const Session& session : sessions_) {
    if (session.first_at && (!first || *session.first_at < *first)) first = session.first_at;
  }
  return first;
}

std::optional<Timestamp> SessionSet::last_at() const {
  std::optional<Timestamp> last;
  for (const Session& session : sessions_) {
    if (session.last_at && (!last || *session.last_at > *last)) last = session.last_at;
  }
  return last;
}

std::vector<Gap> SessionSet::gaps_of(const Lane& lane) const {
  std::vector<Gap> all = lane.gaps;
  for (Gap& gap : lane.source->gaps()) {
    if (gap.connection) {
      const auto number = lane.numbers.find(*gap.connection);
      if (number != lane.numbers.end()) gap.connection = number->second;
    }
    if (std::find(all.begin(), all.end(), gap) == all.end()) all.push_back(std::move(gap));
  }
  return all;
}

std::vector<Gap> SessionSet::gaps() const {
  std::vector<Gap> all;
  for (const Lane& lane : lanes_) {
    for (Gap& gap : gaps_of(lane)) all.push_back(std::move(gap));
  }
  std::stable_sort(all.begin(), all.end(), [](const Gap& a, const Gap& b) { return a.from < b.from; });
  return all;
}

std::vector<std::string> SessionSet::damaged_files() const {
  std::vector<std::string> all;
  for (const Lane& lane : lanes_) {
    for (const std::string& name : lane.source->damaged()) all.push_back(name);
  }
  return all;
}

}  // namespace ktape
