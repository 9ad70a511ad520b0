#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ktape::spot_v1 {

// Which channel number means which pair and channel, as the acknowledgements of one connection told. Kraken calls the
// number deprecated and repeats the names in each message, so it only serves messages without names, as the oldest
// servers send them, and knows whether a channel has spoken since it was subscribed.
class ChannelTable {
 public:
  struct Entry {
    std::string name;  // "book-10"
    std::string pair;  // as on the wire
    bool has_spoken = false;
  };

  void subscribed(std::uint64_t id, std::string_view name, std::string_view pair) {
    if (entries_.size() >= kMaxChannels && !entries_.contains(id)) return;
    entries_.insert_or_assign(id, Entry{std::string(name), std::string(pair)});
  }
  void unsubscribed(std::uint64_t id) { entries_.erase(id); }

  // Of the subscription that has this number; nullptr if there is none.
  const Entry* find(std::uint64_t id) const {
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : &found->second;
  }

  // Whether this is the first message of its subscription. Never for one that nobody acknowledged.
  bool speaks_first(std::uint64_t id, std::string_view name, std::string_view pair) {
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.name != name || found->second.pair != pair) return false;
    const bool first = !found->second.has_spoken;
    found->second.has_spoken = true;
    return first;
  }

  void clear() { entries_.clear(); }

  // The far end decides how many there are; what is beyond this is not remembered.
  static constexpr std::size_t kMaxChannels = 100'000;

 private:
  std::map<std::uint64_t, Entry> entries_;
};

}  // namespace ktape::spot_v1
