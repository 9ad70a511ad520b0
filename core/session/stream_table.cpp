#include "core/session/stream_table.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxNames = 65'536;

}  // namespace

StreamCount stream_count(const StreamList& list, const StreamKey& key, std::uint64_t frames, std::uint64_t bytes) {
  return {ConnectionId{key.connection},
          static_cast<Direction>(key.direction),
          static_cast<FrameKind>(key.kind),
          list.names[key.channel],
          list.names[key.symbol],
          frames,
          bytes};
}

StreamTable::StreamTable() { list_.names.emplace_back(); }

std::size_t StreamTable::KeyHash::operator()(const StreamKey& key) const {
  std::uint64_t x = (std::uint64_t{key.connection} << 32) ^ (std::uint64_t{key.channel} << 20) ^
                    (std::uint64_t{key.symbol} << 4) ^ (std::uint64_t{key.direction} << 3) ^ key.kind;
  x = (x ^ (x >> 29)) * 0x9E3779B97F4A7C15U;
  return static_cast<std::size_t>(x ^ (x >> 32));
}

std::uint32_t StreamTable::intern_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return 0;
  if (const auto found = name_ids_.find(name); found != name_ids_.end()) return found->second;
  if (list_.names.size() >= kMaxNames) return 0;
  const auto id = static_cast<std::uint32_t>(list_.names.size());
  list_.names.emplace_back(name);
  name_ids_.emplace(name, id);
  return id;
}

std::uint32_t StreamTable::intern(const Frame& frame, const FrameClass& what) {
  StreamKey key{static_cast<std::uint32_t>(frame.connection), 0, 0, static_cast<std::uint8_t>(frame.direction),
                static_cast<std::uint8_t>(frame.kind)};
  key.channel = intern_name(what.channel);
  key.symbol = intern_name(what.symbol);
  if (last_ && list_.streams[*last_] == key) return *last_;
  const auto [place, is_new] = stream_ids_.try_emplace(key, size());
  if (is_new) list_.streams.push_back(key);
  last_ = place->second;
  return place->second;
}

StreamList StreamTable::select(const std::vector<std::uint32_t>& ids) const {
  StreamList out;
  out.names.emplace_back();
  out.streams.reserve(ids.size());
  std::unordered_map<std::uint32_t, std::uint32_t> names{{0, 0}};
  const auto name = [&](std::uint32_t id) {
    const auto [place, is_new] = names.try_emplace(id, static_cast<std::uint32_t>(out.names.size()));
    if (is_new) out.names.push_back(list_.names[id]);
    return place->second;
  };
  for (const std::uint32_t id : ids) {
    StreamKey key = list_.streams[id];
    key.channel = name(key.channel);
    key.symbol = name(key.symbol);
    out.streams.push_back(key);
  }
  return out;
}

}  // namespace ktape
