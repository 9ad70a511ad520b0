#include "inspect/overview.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/base/decimal.hpp"
#include "core/base/json_text.hpp"

namespace ktape {
namespace {

bool is_message(const StreamCount& stream) {
  return stream.kind == FrameKind::Text || stream.kind == FrameKind::Binary;
}

// Fills what follows from the streams.
void tally(Overview& overview) {
  std::map<ConnectionId, ConnectionOverview> connections;
  std::map<std::pair<std::string, std::string>, ChannelOverview> channels;
  overview.messages = 0;
  for (const StreamCount& stream : overview.summary.streams) {
    ConnectionOverview& connection = connections[stream.connection];
    connection.connection = stream.connection;
    connection.payload_bytes += stream.payload_bytes;
    if (stream.kind == FrameKind::Opened) connection.opened += stream.frames;
    if (stream.kind == FrameKind::Closed) connection.closed += stream.frames;
    if (is_message(stream)) {
      overview.messages += stream.frames;
      (stream.direction == Direction::FromExchange ? connection.received : connection.sent) += stream.frames;
    }
    std::string name = stream.channel.empty() ? fmt::format("({})", to_string(stream.kind)) : stream.channel;
    ChannelOverview& channel = channels[{name, stream.symbol}];
    channel.channel = std::move(name);
    channel.symbol = stream.symbol;
    channel.frames += stream.frames;
    channel.payload_bytes += stream.payload_bytes;
  }
  overview.connections.clear();
  for (auto& [id, connection] : connections) overview.connections.push_back(connection);
  overview.channels.clear();
  for (auto& [name, channel] : channels) overview.channels.push_back(std::move(channel));
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace

Duration Overview::span() const { return summary.first_at ? *summary.last_at - *summary.first_at : Duration::zero(); }

Result<Overview> overview_of(SessionReader& reader, std::string path) {
  Overview overview;
  auto summary = reader.summary();
  if (!summary) return tl::unexpected<Error>(summary.error());
  overview.path = std::move(path);
  overview.info = reader.info();
  overview.state = reader.state();
  overview.summary = std::move(*summary);
  overview.gaps = reader.gaps();
  overview.annotations = reader.annotations();
  tally(overview);
  return overview;
}

Overview total_of(std::span<const Overview> parts) {
  Overview total;
  total.state = SessionState::Sealed;
  std::map<std::pair<std::string, ConnectionId>, ConnectionId> numbers;
  std::set<std::string> sessions;
  for (const Overview& part : parts) sessions.insert(part.info.session_id);
  for (const Overview& part : parts) {
    const SessionSummary& summary = part.summary;
    total.summary.frames += summary.frames;
    total.summary.chunks += summary.chunks;
    total.summary.payload_bytes += summary.payload_bytes;
    total.summary.stored_bytes += summary.stored_bytes;
    if (summary.first_at) {
      total.summary.first_at = std::min(total.summary.first_at.value_or(*summary.first_at), *summary.first_at);
      total.summary.last_at = std::max(total.summary.last_at.value_or(*summary.last_at), *summary.last_at);
    }
    total.gaps.insert(total.gaps.end(), part.gaps.begin(), part.gaps.end());
    total.annotations.insert(total.annotations.end(), part.annotations.begin(), part.annotations.end());
    // The worst of them speaks for all: damaged, recovered, open, sealed.
    const auto rank = [](SessionState state) {
      return state == SessionState::Damaged ? 3 : state == SessionState::Recovered ? 2 : state == SessionState::Open;
    };
    if (rank(part.state) > rank(total.state)) total.state = part.state;
    for (StreamCount stream : summary.streams) {
      if (sessions.size() > 1) {
        const auto next = ConnectionId{static_cast<std::uint32_t>(numbers.size() + 1)};
        stream.connection = numbers.try_emplace({part.info.session_id, stream.connection}, next).first->second;
      }
      total.summary.streams.push_back(std::move(stream));
    }
  }
  if (sessions.size() == 1) {
    total.info.session_id = parts.front().info.session_id;
    total.info.dialect = parts.front().info.dialect;
  }
  std::stable_sort(total.gaps.begin(), total.gaps.end(), [](const Gap& a, const Gap& b) { return a.from < b.from; });
  tally(total);
  return total;
}

std::vector<std::string> missing_segments(std::span<const Overview> parts) {
  std::map<std::string, std::set<std::uint32_t>> segments;
  for (const Overview& part : parts) segments[part.info.session_id].insert(part.info.segment);
  std::vector<std::string> missing;
  for (const auto& [session, numbers] : segments) {
    std::optional<std::uint32_t> before;
    for (const std::uint32_t number : numbers) {
      if (before && number == *before + 2) {
        missing.push_back(fmt::format("session {}: segment {} is not among these files", session, *before + 1));
      } else if (before && number > *before + 2) {
        missing.push_back(
            fmt::format("session {}: segments {} to {} are not among these files", session, *before + 1, number - 1));
      }
      before = number;
    }
  }
  return missing;
}

std::optional<std::uint64_t> rate_in_thousandths(std::uint64_t count, Duration span) {
  if (span <= Duration::zero()) return std::nullopt;
  constexpr UInt128 kThousandthsOfASecond = 1'000'000'000'000U;  // nanoseconds per second, times 1000
  return static_cast<std::uint64_t>(count * kThousandthsOfASecond / static_cast<UInt128>(span.count()));
}

std::string rate_text(std::uint64_t count, Duration span) {
  const auto rate = rate_in_thousandths(count, span);
  return rate ? fmt::format("{}.{:03}", *rate / 1000, *rate % 1000) : "-";
}

void append_annotations_json(std::string& out, std::span<const Annotation> annotations) {
  out.push_back('[');
  for (const Annotation& note : annotations) {
    if (&note != annotations.data()) out.push_back(',');
    out += R"({"at":)" + std::to_string(nanoseconds(note.at));
    if (note.connection) out += R"(,"connection":)" + std::to_string(static_cast<std::uint32_t>(*note.connection));
    out += R"(,"name":)";
    append_json_string(out, note.name);
    out += R"(,"text":)";
    append_json_string(out, note.text);
    out.push_back('}');
  }
  out.push_back(']');
}

void append_gaps_json(std::string& out, std::span<const Gap> gaps) {
  out.push_back('[');
  for (const Gap& gap : gaps) {
    if (&gap != gaps.data()) out.push_back(',');
    out += fmt::format(R"({{"from":{},"to":{},"cause":"{}")", nanoseconds(gap.from), nanoseconds(gap.to),
                       to_string(gap.cause));
    if (gap.frames) out += fmt::format(R"(,"frames":{})", *gap.frames);
    if (gap.connection) out += fmt::format(R"(,"connection":{})", static_cast<std::uint32_t>(*gap.connection));
    out += R"(,"detail":)";
    append_json_string(out, gap.detail);
    out.push_back('}');
  }
  out.push_back(']');
}

void append_overview_json(std::string& out, const Overview& overview) {
  const SessionSummary& summary = overview.summary;
  out.push_back('{');
  if (!overview.path.empty()) out += fmt::format(R"("file":{},)", json_string(overview.path));
  if (!overview.info.session_id.empty()) out += fmt::format(R"("session":{},)", json_string(overview.info.session_id));
  if (!overview.path.empty()) {
    out += fmt::format(
        R"("segment":{},"writer":{},"dialect":{},"description":{},"redaction":{},"format":"{}.{}","created_at":{},)",
        overview.info.segment, json_string(overview.info.writer), json_string(overview.info.dialect),
        json_string(overview.info.description), json_string(overview.info.redaction), overview.info.major,
        overview.info.minor, nanoseconds(overview.info.created_at));
  }
  out += fmt::format(
      R"("state":"{}","frames":{},"messages":{},"chunks":{},"payload_bytes":{},"stored_bytes":{},"duration":{})",
      to_string(overview.state), summary.frames, overview.messages, summary.chunks, summary.payload_bytes,
      summary.stored_bytes, overview.span().count());
  if (summary.first_at) {
    out += fmt::format(R"(,"first_at":{},"last_at":{})", nanoseconds(*summary.first_at), nanoseconds(*summary.last_at));
  }
  out += R"(,"gaps":)";
  append_gaps_json(out, overview.gaps);
  if (overview.summary.keyframe_frames > 0) {
    out += R"(,"keyframe_frames":)" + std::to_string(overview.summary.keyframe_frames);
  }
  if (!overview.annotations.empty()) {
    out += R"(,"notes":)";
    append_annotations_json(out, overview.annotations);
  }
  out += R"(,"connections":[)";
  for (const ConnectionOverview& connection : overview.connections) {
    if (&connection != overview.connections.data()) out.push_back(',');
    out += fmt::format(R"({{"connection":{},"opened":{},"closed":{},"received":{},"sent":{},"payload_bytes":{}}})",
                       static_cast<std::uint32_t>(connection.connection), connection.opened, connection.closed,
                       connection.received, connection.sent, connection.payload_bytes);
  }
  out += R"(],"streams":[)";
  for (const StreamCount& stream : summary.streams) {
    if (&stream != summary.streams.data()) out.push_back(',');
    out +=
        fmt::format(R"({{"connection":{},"direction":"{}","kind":"{}","channel":{},"symbol":{},"frames":{},"bytes":{})",
                    static_cast<std::uint32_t>(stream.connection), to_string(stream.direction), to_string(stream.kind),
                    json_string(stream.channel), json_string(stream.symbol), stream.frames, stream.payload_bytes);
    if (rate_in_thousandths(stream.frames, overview.span())) {
      out += fmt::format(R"(,"per_second":{})", rate_text(stream.frames, overview.span()));
    }
    out.push_back('}');
  }
  out += "]}";
}

std::string gap_text(const Gap& gap) {
  return fmt::format("{} .. {} {}{}{}{}", format_rfc3339(gap.from), format_rfc3339(gap.to), to_string(gap.cause),
                     gap.connection ? fmt::format(", connection {}", static_cast<std::uint32_t>(*gap.connection)) : "",
                     gap.frames ? fmt::format(", {} frames", *gap.frames) : "",
                     gap.detail.empty() ? "" : ": " + gap.detail);
}

}  // namespace ktape
