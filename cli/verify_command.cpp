#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/base/json_text.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string file;
  bool json = false;
};

struct Findings {
  std::uint64_t frames = 0;
  std::uint64_t messages = 0;
  std::uint64_t messages_unknown = 0;
  std::uint64_t fields_unknown = 0;
  std::uint64_t checksums_checked = 0;
  std::uint64_t checksums_failed = 0;
  std::uint64_t sequences_checked = 0;
  std::uint64_t sequences_failed = 0;
  std::uint64_t trades = 0;
  std::uint64_t trade_id_gaps = 0;
  std::vector<std::string> remarks;  // the first few things that are wrong, with their time
};

// Listens to everything that the clients tell, and notes what should not be.
class Inspector final : public EventSink {
 public:
  Inspector(const Clock& clock, Findings& findings) : clock_(clock), findings_(findings) {}

  void on_event(const Event& event) override {
    if (const auto* unknown = std::get_if<UnknownMessage>(&event)) {
      ++findings_.messages_unknown;
      remark(unknown->what);
    } else if (const auto* change = std::get_if<BookStateChange>(&event)) {
      if (change->state == BookState::Invalid) remark(change->reason);
    } else if (const auto* gap = std::get_if<TradeGap>(&event)) {
      remark(fmt::format("{}: trades {} to {} are missing", gap->symbol, gap->expected_id, gap->received_id - 1));
    } else if (std::holds_alternative<Trade>(event)) {
      ++findings_.trades;
    }
  }

 private:
  static constexpr std::size_t kMaxRemarks = 20;
  void remark(std::string_view what) {
    if (findings_.remarks.size() >= kMaxRemarks) return;
    findings_.remarks.push_back(fmt::format("{} {}", format_rfc3339(clock_.now()), what));
  }

  const Clock& clock_;
  Findings& findings_;
};

// A dialect without a codec: messages are counted as what they are, not understood.
class Counter final : public FrameSink {
 public:
  explicit Counter(Findings& findings) : findings_(findings) {}
  void on_frame(const Frame& frame) override {
    if (frame.kind != FrameKind::Text || frame.direction != Direction::FromExchange) return;
    ++findings_.messages;
    ++findings_.messages_unknown;
  }

 private:
  Findings& findings_;
};

Result<Findings> inspect(SessionReader& reader, Dialect dialect) {
  Findings findings;
  VirtualClock clock(Timestamp::min());
  Inspector inspector(clock, findings);
  RecordedClients clients(dialect, clock, [&](ConnectionId) -> EventSink& { return inspector; },
                          {.ping_interval = std::chrono::hours(24), .silence_timeout = std::chrono::hours(24)});
  Counter counter(findings);
  const bool decodes = require_codec(dialect).has_value();
  Player player(reader, clock, decodes ? static_cast<FrameSink&>(clients) : counter);
  Progress progress;
  for (;;) {
    const auto stepped = player.step();
    if (!stepped) return tl::unexpected<Error>(stepped.error());
    if (!*stepped) break;
    if (progress.due()) progress.show(fmt::format("verifying: {} frames", grouped(player.frames())));
  }
  findings.frames = player.frames();
  for (const auto& [connection, entry] : clients.all()) {
    const ClientStats& stats = entry->client->stats();
    findings.messages += stats.messages;
    findings.fields_unknown += entry->codec->stats().unknown_fields;
    findings.checksums_checked += stats.checksums_verified + stats.checksums_failed;
    findings.checksums_failed += stats.checksums_failed;
    findings.sequences_checked += stats.sequences_verified + stats.sequences_failed;
    findings.sequences_failed += stats.sequences_failed;
    findings.trade_id_gaps += stats.trade_gaps;
  }
  return findings;
}

void print_json(const Findings& found, const std::vector<Gap>& gaps, const SessionReader& reader) {
  std::string out = fmt::format(
      R"({{"frames":{},"messages":{},"messages_unknown":{},"fields_unknown":{},"checksums_checked":{},)"
      R"("checksums_failed":{},"sequences_checked":{},"sequences_failed":{},"trades":{},"trade_id_gaps":{},"gaps":[)",
      found.frames, found.messages, found.messages_unknown, found.fields_unknown, found.checksums_checked,
      found.checksums_failed, found.sequences_checked, found.sequences_failed, found.trades, found.trade_id_gaps);
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
  out += fmt::format(R"(],"state":"{}","dialect":)", to_string(reader.state()));
  append_json_string(out, reader.info().dialect);
  out += R"(,"remarks":[)";
  for (const std::string& remark : found.remarks) {
    if (&remark != found.remarks.data()) out.push_back(',');
    append_json_string(out, remark);
  }
  put(out + "]}\n");
}

void print_text(const Options& options, const Findings& found, const std::vector<Gap>& gaps,
                const SessionReader& reader) {
  const auto line = [](std::string_view name, std::string_view value) { put(fmt::format("{:<16} {}\n", name, value)); };
  line("file", options.file);
  line("state", to_string(reader.state()));
  line("frames", grouped(found.frames));
  line("messages", fmt::format("{}, {} not understood, {} unknown fields", grouped(found.messages),
                               grouped(found.messages_unknown), grouped(found.fields_unknown)));
  line("book checksums",
       fmt::format("{} checked, {} failed", grouped(found.checksums_checked), grouped(found.checksums_failed)));
  if (found.sequences_checked > 0) {
    line("book sequences",
         fmt::format("{} checked, {} failed", grouped(found.sequences_checked), grouped(found.sequences_failed)));
  }
  line("trades", fmt::format("{}, {} holes in their ids", grouped(found.trades), grouped(found.trade_id_gaps)));
  line("gaps", gaps.empty() ? "none" : grouped(gaps.size()));
  for (const Gap& gap : gaps) {
    put(fmt::format("  {} .. {} {}{}{}\n", format_rfc3339(gap.from), format_rfc3339(gap.to), to_string(gap.cause),
                    gap.frames ? fmt::format(", {} frames", grouped(*gap.frames)) : "",
                    gap.detail.empty() ? "" : ": " + gap.detail));
  }
  for (const std::string& remark : found.remarks) put(fmt::format("  {}\n", remark));
}

int run(const Options& options) {
  auto reader = open_recording(options.file);
  if (!reader) return report(reader.error());
  const auto dialect = dialect_of((*reader)->info());
  if (!dialect) return report(dialect.error());
  // Every byte of the file first: the replay below reads chunks only.
  if (const auto damage = (*reader)->verify(); !damage) return report(damage.error());
  const auto found = inspect(**reader, *dialect);
  if (!found) return report(found.error());
  const auto gaps = (*reader)->gaps();
  if (options.json) {
    print_json(*found, gaps, **reader);
  } else {
    print_text(options, *found, gaps, **reader);
  }
  const bool decodes = require_codec(*dialect).has_value();
  if (!decodes) say(require_codec(*dialect).error().detail);
  if (decodes && found->messages_unknown > 0) return kFailed;
  // A book that lacks lost frames cannot have the right checksum: that says nothing of the frames that are there.
  const bool lost = std::any_of(gaps.begin(), gaps.end(),
                                [](const Gap& gap) { return gap.cause != GapCause::Disconnected && gap.frames != 0U; });
  if (!lost && (found->checksums_failed > 0 || found->sequences_failed > 0)) return kFailed;
  const bool whole = gaps.empty() && found->trade_id_gaps == 0 && (*reader)->state() != SessionState::Damaged;
  return whole && decodes ? kClean : kIncomplete;
}

}  // namespace

void add_verify(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("verify", "Checks every byte, every message, every book checksum and every trade id");
  command->footer(
      "Example: ktape verify session.ktape --json\n"
      "Exit code 0: all is well. 1: a checksum fails though nothing is missing, or a message is not\n"
      "understood. 3: something is missing, or the\n"
      "messages are of a protocol that this version does not decode.");
  command->add_option("FILE", options->file, "The recording")->required();
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
