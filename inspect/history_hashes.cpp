#include "inspect/history_hashes.hpp"

#include "inspect/selection.hpp"

namespace ktape {
namespace {

std::pair<std::string_view, std::string_view> stream_of(const Event& event) {
  const auto* const candle = std::get_if<Candle>(&event);
  if (candle != nullptr && candle->source == CandleSource::Trades) return {"candle", candle->symbol};
  const std::string_view channel = channel_of(event);
  return {channel.empty() ? "connection" : channel, symbol_of(event)};
}

}  // namespace

void HistoryHashes::add(const Event& event, std::string_view line) {
  whole_.add(line);
  ++events_;
  auto stream = stream_of(event);
  auto found = streams_.find(stream);
  if (found == streams_.end()) {
    if (streams_.size() >= kMaxStreams) stream = {"other", {}};
    found = streams_.try_emplace({std::string(stream.first), std::string(stream.second)}).first;
  }
  found->second.hash.add(line);
  ++found->second.events;
}

std::vector<HistoryHashes::Stream> HistoryHashes::streams() {
  std::vector<Stream> all;
  for (auto& [stream, sum] : streams_) all.push_back({stream.first, stream.second, sum.events, sum.hash.hex()});
  return all;
}

}  // namespace ktape
