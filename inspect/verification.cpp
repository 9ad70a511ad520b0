#include "inspect/verification.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/base/json_text.hpp"
#include "core/session/redactor.hpp"
#include "core/session/secret_finder.hpp"
#include "inspect/candle_comparison.hpp"
#include "inspect/overview.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"

namespace ktape {
namespace {

using std::chrono::minutes;

// Kraken's intervals.
const std::vector<Duration> kIntervals{minutes(1),   minutes(5),    minutes(15),    minutes(30),   minutes(60),
                                       minutes(240), minutes(1440), minutes(10080), minutes(21600)};

constexpr std::string_view kPseudonym = "ktape-redacted-";
constexpr std::size_t kPseudonymBytes = kPseudonym.size() + 12;

bool is_pseudonym(std::string_view value) {
  return value.starts_with(kPseudonym) && value.size() == kPseudonymBytes &&
         value.find_first_not_of("0123456789abcdef", kPseudonym.size()) == std::string_view::npos;
}

// All that one verification has found so far.
class Report {
 public:
  Report(Verification& found, const Clock& clock, std::size_t max_findings)
      : found_(found), clock_(clock), max_findings_(max_findings) {}

  void add(std::optional<ConnectionId> connection, std::string what) {
    if (found_.findings.size() == max_findings_) {
      ++found_.findings_left_out;
    } else {
      found_.findings.push_back({clock_.now(), found_.frames, connection, std::move(what)});
    }
  }

  Check& check(std::string_view name) {
    const auto place = std::find_if(found_.checks.begin(), found_.checks.end(),
                                    [name](const Check& check) { return check.name == name; });
    if (place != found_.checks.end()) return *place;
    return found_.checks.emplace_back(Check{.name = std::string(name), .not_checked = {}});
  }

 private:
  Verification& found_;
  const Clock& clock_;
  std::size_t max_findings_;
};

// "trade 9 is missing", "trades 9 to 10 are missing": those from `expected` up to `received`.
std::string missing(std::string_view what, std::int64_t expected, std::int64_t received) {
  const std::int64_t last = received - 1;
  return expected == last ? fmt::format("{} {} is missing", what, last)
                          : fmt::format("{}s {} to {} are missing", what, expected, last);
}

// Whether it is a message of a private channel, each of which has the number after the one before.
template <class Message>
bool is_numbered(const Message& message) {
  if constexpr (requires {
                  message.channel;
                  message.sequence;
                }) {
    return message.sequence.has_value();
  } else {
    return false;
  }
}

// Listens to everything that one client tells, and notes what should not be.
class Inspector final : public EventSink {
 public:
  Inspector(Report& report, CandleComparison& candles, Verification& found, ConnectionId connection)
      : report_(report), candles_(candles), found_(found), connection_(connection) {}

  void on_event(const Event& event) override {
    if (std::visit([](const auto& what) { return is_numbered(what); }, event)) ++report_.check(kCheckSequences).asked;
    if (const auto* unknown = std::get_if<UnknownMessage>(&event)) {
      ++found_.messages_unknown;
      report_.add(connection_, fmt::format("not understood: {}", unknown->what));
    } else if (const auto* change = std::get_if<BookStateChange>(&event)) {
      if (change->state == BookState::Invalid) report_.add(connection_, std::string(change->reason));
    } else if (const auto* gap = std::get_if<TradeGap>(&event)) {
      report_.add(connection_,
                  fmt::format("{}: {}", gap->symbol, missing("trade", gap->expected_id, gap->received_id)));
    } else if (const auto* hole = std::get_if<SequenceGap>(&event)) {
      report_.add(connection_,
                  fmt::format("{}: {}", hole->channel, missing("message", hole->expected, hole->received)));
    } else if (const auto* trade = std::get_if<Trade>(&event)) {
      ++found_.trades;
      if (trade->trade_id != 0) ++report_.check(kCheckTrades).asked;
    } else if (const auto* candle = std::get_if<Candle>(&event)) {
      candles_.on_candle(*candle);
    } else if (const auto* link = std::get_if<LinkChange>(&event)) {
      if (link->state == LinkState::Down) candles_.interrupted({});
    } else if (const auto* reply = std::get_if<Reply>(&event)) {
      if (reply->method == "unsubscribe" && reply->channel == "ohlc") candles_.interrupted(reply->symbol);
    }
  }

 private:
  Report& report_;
  CandleComparison& candles_;
  Verification& found_;
  ConnectionId connection_;
};

// Looks at every payload, then hands the frame on; to nobody where nobody understands it.
class FrameInspector final : public FrameSink {
 public:
  FrameInspector(Report& report, Verification& found, FrameSink* next) : report_(report), found_(found), next_(next) {}

  void on_frame(const Frame& frame) override {
    ++found_.frames;
    payload_bytes_ += frame.payload.size();
    if (may_hold_secrets(frame.payload)) look_for_secrets(frame);
    if (frame.kind == FrameKind::Text && frame.direction == Direction::FromExchange) ++found_.messages;
    if (next_ != nullptr) next_->on_frame(frame);
  }

  std::uint64_t payload_bytes() const { return payload_bytes_; }

 private:
  // Tells where, never what.
  void look_for_secrets(const Frame& frame) {
    for (const SecretRange& secret : find_secrets(frame.payload)) {
      if (secret.value.empty() || is_pseudonym(secret.value)) continue;
      ++report_.check(kCheckSecrets).failed;
      report_.add(frame.connection,
                  fmt::format("a secret of {} bytes stands at byte {} of what was {}", secret.value.size(),
                              secret.begin, frame.direction == Direction::FromExchange ? "received" : "sent"));
    }
  }

  Report& report_;
  Verification& found_;
  FrameSink* next_;
  std::uint64_t payload_bytes_ = 0;
};

// `lost_reports` of the failed sequence numbers are holes in private channels.
Verdict verdict_of(const Verification& found, bool decodes, std::uint64_t lost_reports) {
  // A book that lacks lost frames cannot have the right checksum, nor a candle the right volume: that says nothing of
  // the frames that are there.
  const bool lost = std::any_of(found.gaps.begin(), found.gaps.end(),
                                [](const Gap& gap) { return gap.cause != GapCause::Disconnected && gap.frames != 0U; });
  const bool contradicts = found.check(kCheckBooks).failed > 0 || found.check(kCheckSequences).failed > lost_reports ||
                           found.check(kCheckCandles).failed > 0;
  if ((decodes && found.messages_unknown > 0) || found.check(kCheckSecrets).failed > 0 || (!lost && contradicts)) {
    return Verdict::Wrong;
  }
  const bool whole = found.gaps.empty() && found.check(kCheckTrades).failed == 0 && lost_reports == 0 &&
                     found.check(kCheckStorage).failed == 0;
  return whole && decodes && found.state != SessionState::Damaged ? Verdict::Sound : Verdict::Incomplete;
}

// What was not checked, and why.
void explain(Report& report, Verification& found, std::optional<Dialect> dialect, bool decodes, bool tells_candles) {
  if (!decodes) {
    const std::string why =
        fmt::format("messages of {} are not decoded by this version", dialect ? to_string(*dialect) : found.dialect);
    for (const auto name : {kCheckMessages, kCheckBooks, kCheckTrades, kCheckSequences, kCheckCandles}) {
      report.check(name).not_checked = why;
    }
    return;
  }
  if (report.check(kCheckSequences).asked == 0) {
    report.check(kCheckSequences).not_checked = "no numbered message was told";
  }
  if (report.check(kCheckBooks).asked == 0) report.check(kCheckBooks).not_checked = "no book was told with a checksum";
  if (report.check(kCheckTrades).asked == 0) {
    report.check(kCheckTrades).not_checked = found.trades == 0 ? "no trade was told" : "the dialect tells none";
  }
  if (report.check(kCheckCandles).asked == 0) {
    report.check(kCheckCandles).not_checked =
        tells_candles ? "no candle was told to its end while its trades were" : "no candle was told by the exchange";
  }
}

}  // namespace

const Check& Verification::check(std::string_view name) const {
  const auto place = std::find_if(checks.begin(), checks.end(), [name](const Check& one) { return one.name == name; });
  KTAPE_ASSERT(place != checks.end(), "every verification has all checks");
  return *place;
}

Result<Verification> verify_recording(SessionReader& reader, const VerifyOptions& options) {
  Verification found;
  found.dialect = reader.info().dialect;
  VirtualClock clock(Timestamp::min());
  Report report(found, clock, options.max_findings);
  for (const auto name :
       {kCheckStorage, kCheckMessages, kCheckBooks, kCheckTrades, kCheckSequences, kCheckCandles, kCheckSecrets}) {
    report.check(name);
  }

  // Every byte of the file first: what follows reads the chunks only.
  const auto damage = reader.verify();
  if (!damage) return tl::unexpected<Error>(damage.error());
  const auto summary = reader.summary();
  if (!summary) return tl::unexpected<Error>(summary.error());
  report.check(kCheckStorage).asked = summary->chunks;
  report.check(kCheckStorage).failed = damage->size();
  const bool tells_candles = std::any_of(summary->streams.begin(), summary->streams.end(), [](const auto& stream) {
    return stream.channel.empty() || stream.channel.starts_with("ohlc");
  });

  const auto dialect = reader.info().dialect.empty() ? Dialect::SpotV2 : parse_dialect(reader.info().dialect);
  const bool decodes = dialect && make_codec(*dialect) != nullptr;
  CandleComparison candles([&](const std::string& what) { report.add(std::nullopt, what); });
  std::vector<std::unique_ptr<Inspector>> inspectors;
  ClientOptions client_options{.resubscribe_invalid_books = false,
                               .ping_interval = std::chrono::hours(24),
                               .silence_timeout = std::chrono::hours(24)};
  if (tells_candles) client_options.candles.intervals = kIntervals;
  std::optional<RecordedClients> clients;
  if (decodes) {
    clients.emplace(
        *dialect, clock,
        [&](ConnectionId connection) -> EventSink& {
          return *inspectors.emplace_back(std::make_unique<Inspector>(report, candles, found, connection));
        },
        client_options);
  }
  FrameInspector frames(report, found, clients ? &*clients : nullptr);
  Player player(reader, clock, frames);
  constexpr std::uint64_t kProgressEvery = 4096;
  for (;;) {
    const auto stepped = player.step();
    if (!stepped) return tl::unexpected<Error>(stepped.error());
    if (!*stepped) break;
    if (options.progress && player.frames() % kProgressEvery == 0) options.progress(frames.payload_bytes());
  }

  report.check(kCheckSecrets).asked = found.frames;
  std::uint64_t lost_reports = 0;
  if (clients) {
    for (const auto& [connection, entry] : clients->all()) {
      const ClientStats& stats = entry->client->stats();
      found.fields_unknown += entry->codec->stats().unknown_fields;
      report.check(kCheckBooks).asked += stats.checksums_verified + stats.checksums_failed;
      report.check(kCheckBooks).failed += stats.checksums_failed;
      report.check(kCheckSequences).asked += stats.sequences_verified + stats.sequences_failed;
      report.check(kCheckSequences).failed += stats.sequences_failed + stats.sequence_gaps;
      lost_reports += stats.sequence_gaps;
      report.check(kCheckTrades).failed += stats.trade_gaps;
    }
    report.check(kCheckMessages).asked = found.messages;
    report.check(kCheckMessages).failed = found.messages_unknown;
    report.check(kCheckCandles).asked = candles.compared();
    report.check(kCheckCandles).failed = candles.failed();
  } else {
    found.messages_unknown = found.messages;
  }
  explain(report, found, dialect, decodes, tells_candles);
  found.gaps = reader.gaps();
  found.annotations = reader.annotations();
  if (const auto totals = reader.summary()) found.keyframe_frames = totals->keyframe_frames;
  found.frames -= std::min(found.frames, found.keyframe_frames);
  found.state = reader.state();
  found.verdict = verdict_of(found, decodes, lost_reports);
  return found;
}

void append_verification_json(std::string& out, const Verification& found) {
  constexpr std::string_view kVerdicts[] = {"sound", "incomplete", "wrong"};
  out += fmt::format(
      R"({{"verdict":"{}","frames":{},"messages":{},"messages_unknown":{},"fields_unknown":{},)"
      R"("checksums_checked":{},"checksums_failed":{},"sequences_checked":{},"sequences_failed":{},)"
      R"("trades":{},"trade_id_gaps":{},"candles_checked":{},"candles_failed":{},"secrets":{},"checks":[)",
      kVerdicts[static_cast<std::size_t>(found.verdict)], found.frames, found.messages, found.messages_unknown,
      found.fields_unknown, found.check(kCheckBooks).asked, found.check(kCheckBooks).failed,
      found.check(kCheckSequences).asked, found.check(kCheckSequences).failed, found.trades,
      found.check(kCheckTrades).failed, found.check(kCheckCandles).asked, found.check(kCheckCandles).failed,
      found.check(kCheckSecrets).failed);
  for (const Check& check : found.checks) {
    if (&check != found.checks.data()) out.push_back(',');
    out += fmt::format(R"({{"name":"{}","checked":{},"failed":{})", check.name, check.asked, check.failed);
    if (!check.not_checked.empty()) {
      out += R"(,"not_checked":)";
      append_json_string(out, check.not_checked);
    }
    out.push_back('}');
  }
  out += R"(],"gaps":)";
  append_gaps_json(out, found.gaps);
  if (found.keyframe_frames > 0)
    fmt::format_to(std::back_inserter(out), R"(,"keyframe_frames":{})", found.keyframe_frames);
  if (!found.annotations.empty()) {
    out += R"(,"notes":)";
    append_annotations_json(out, found.annotations);
  }
  out += fmt::format(R"(,"state":"{}","dialect":)", to_string(found.state));
  append_json_string(out, found.dialect);
  out += R"(,"findings":[)";
  for (const Finding& finding : found.findings) {
    if (&finding != found.findings.data()) out.push_back(',');
    out += fmt::format(R"({{"at":{},"frame":{},)", nanoseconds(finding.at), finding.frame);
    if (finding.connection) {
      out += fmt::format(R"("connection":{},)", static_cast<std::uint32_t>(*finding.connection));
    }
    out += R"("what":)";
    append_json_string(out, finding.what);
    out.push_back('}');
  }
  out += fmt::format(R"(],"findings_left_out":{}}})", found.findings_left_out);
}

}  // namespace ktape
