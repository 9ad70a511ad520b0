#include "cli/record/metrics.hpp"

#include <fmt/format.h>

#include "core/protocol/spot_v2/classify.hpp"

namespace ktape::cli {
namespace {

std::string_view label_of(const Frame& frame) {
  if (frame.kind != FrameKind::Text) return to_string(frame.kind);
  const std::string_view channel = spot_v2::classify(frame.payload).channel;
  return channel.empty() || channel.size() > 64 ? "other" : channel;
}

std::string_view label_of(Direction direction) { return direction == Direction::FromExchange ? "received" : "sent"; }

}  // namespace

void RecordMetrics::count(const Frame& frame) {
  ++frames_;
  last_at_ = frame.at;
  std::pair<std::string, Direction> key{label_of(frame), frame.direction};
  auto found = counts_.find(key);
  if (found == counts_.end()) {
    if (counts_.size() >= kMaxChannels) key.first = "other";
    found = counts_.try_emplace(std::move(key)).first;
  }
  ++found->second.frames;
  found->second.bytes += frame.payload.size();
}

void RecordMetrics::lag(std::string_view channel, Timestamp exchange_time) {
  auto found = lags_.find(channel);
  if (found == lags_.end()) found = lags_.try_emplace(std::string(channel)).first;
  // Their clock may say anything, so the difference may be beyond a Duration.
  const Timestamp now = clock_.now();
  const bool sane = exchange_time > now - std::chrono::hours(24 * 365) && exchange_time < now;
  found->second.add(sane ? now - exchange_time : Duration::zero());
}

void RecordMetrics::measure(const Event& event) {
  if (const auto* book = std::get_if<BookUpdate>(&event)) {
    if (book->exchange_time) lag("book", *book->exchange_time);
  } else if (const auto* trade = std::get_if<Trade>(&event)) {
    if (!trade->snapshot) lag("trade", trade->exchange_time);
  } else if (const auto* ticker = std::get_if<Ticker>(&event)) {
    if (ticker->exchange_time && !ticker->snapshot) lag("ticker", *ticker->exchange_time);
  } else if (const auto* candle = std::get_if<Candle>(&event)) {
    const bool live = candle->source == CandleSource::Exchange && !candle->snapshot;
    if (candle->exchange_time && live) lag("ohlc", *candle->exchange_time);
  }
}

std::string RecordMetrics::text(const std::vector<LinkFigures>& links, const OutputFigures& output) const {
  MetricsText out;
  out.counter("ktape_frames_total", "Frames by channel (or kind) and direction");
  for (const auto& [key, count] : counts_) {
    out.sample({{"channel", key.first}, {"direction", label_of(key.second)}}, count.frames);
  }
  out.counter("ktape_frame_bytes_total", "Bytes of payload by channel (or kind) and direction");
  for (const auto& [key, count] : counts_) {
    out.sample({{"channel", key.first}, {"direction", label_of(key.second)}}, count.bytes);
  }
  out.gauge("ktape_last_frame_timestamp_seconds", "When the last frame came, in Unix time");
  out.seconds(last_at_.time_since_epoch());
  out.histogram("ktape_lag_seconds", "From the exchange's time stamp to the receipt, of messages that have one");
  for (const auto& [channel, spans] : lags_) out.sample({{"channel", channel}}, spans);

  const auto per_link = [&](std::uint64_t LinkFigures::*figure) {
    for (const LinkFigures& link : links) {
      out.sample({{"connection", fmt::format("{}", static_cast<std::uint32_t>(link.connection))}}, link.*figure);
    }
  };
  out.gauge("ktape_connected", "Whether the connection stands");
  for (const LinkFigures& link : links) {
    out.sample({{"connection", fmt::format("{}", static_cast<std::uint32_t>(link.connection))}, {"url", link.url}},
               link.connected ? 1U : 0U);
  }
  out.counter("ktape_connects_total", "Connections that stood");
  per_link(&LinkFigures::connects);
  out.counter("ktape_reconnects_total", "Connections that stood after one was lost");
  for (const LinkFigures& link : links) {
    out.sample({{"connection", fmt::format("{}", static_cast<std::uint32_t>(link.connection))}},
               link.connects > 0 ? link.connects - 1 : 0U);
  }
  out.counter("ktape_disconnects_total", "Connections that were lost");
  per_link(&LinkFigures::disconnects);
  out.counter("ktape_failed_attempts_total", "Attempts to connect that came to nothing");
  per_link(&LinkFigures::failed_attempts);
  out.counter("ktape_stale_spans_total", "Times without a word for longer than heartbeats allow");
  per_link(&LinkFigures::stale_spans);
  out.counter("ktape_unanswered_requests_total", "Requests without an answer in time");
  per_link(&LinkFigures::unanswered);
  out.counter("ktape_refused_requests_total", "Requests that the exchange refused");
  per_link(&LinkFigures::refused);
  out.counter("ktape_checksums_verified_total", "Book checksums that were right");
  per_link(&LinkFigures::checksums_verified);
  out.counter("ktape_checksum_failures_total", "Book checksums that were wrong");
  per_link(&LinkFigures::checksums_failed);
  out.counter("ktape_sequences_verified_total", "Book updates of Futures that had the next number");
  per_link(&LinkFigures::sequences_verified);
  out.counter("ktape_sequence_failures_total", "Book updates of Futures with others missing before them");
  per_link(&LinkFigures::sequences_failed);
  out.counter("ktape_trade_gaps_total", "Holes in trade ids");
  per_link(&LinkFigures::trade_gaps);

  const RecordingStats& stats = output.recording;
  out.counter("ktape_recorded_frames_total", "Frames handed to a recording");
  out.sample(stats.frames);
  out.counter("ktape_dropped_frames_total", "Frames dropped because the queue was full");
  out.sample(stats.dropped_frames);
  out.counter("ktape_dropped_bytes_total", "Bytes of those");
  out.sample(stats.dropped_bytes);
  out.gauge("ktape_queue_bytes", "What waits for the writer");
  out.sample(stats.queued_bytes);
  out.gauge("ktape_journal_used_bytes", "What is in no chunk on the disk yet");
  out.sample(stats.journal_used_bytes);
  out.gauge("ktape_journal_bytes", "What the journal can hold");
  out.sample(stats.journal_bytes);
  out.counter("ktape_blocked_total", "Times that a frame had to wait for room in the journal");
  out.sample(stats.times_blocked);
  out.counter("ktape_blocked_seconds_total", "How long they waited");
  out.seconds(stats.blocked);
  out.counter("ktape_stored_bytes_total", "Bytes on the disk");
  out.sample(stats.stored_bytes);
  out.gauge("ktape_segments", "Segments begun");
  out.sample(stats.segments);
  out.gauge("ktape_compression_level", "Level of zstd at present");
  out.sample(static_cast<std::uint64_t>(stats.compression_level));
  out.counter("ktape_syncs_total", "Times that the disk was waited for");
  out.sample(stats.syncs);
  out.gauge("ktape_last_sync_seconds", "How long the last of them took");
  out.seconds(stats.last_sync);
  out.gauge("ktape_synced_timestamp_seconds", "Until when everything survives a power loss, in Unix time");
  out.seconds(stats.synced_at ? stats.synced_at->time_since_epoch() : Duration::zero());
  out.gauge("ktape_ring_frames", "Frames in memory (snapshot mode)");
  out.sample(output.ring_frames);
  out.gauge("ktape_ring_bytes", "Bytes in memory (snapshot mode)");
  out.sample(output.ring_bytes);
  out.counter("ktape_incidents_total", "Files written in snapshot mode");
  out.sample(output.incidents);
  return out.text();
}

}  // namespace ktape::cli
