#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/market/event_text.hpp"
#include "inspect/history_hashes.hpp"
#include "live/real_time.hpp"
#include "replay/player.hpp"
#include "replay/read_ahead.hpp"
#include "replay/stage.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  bool events = false;
  bool hash = false;
  bool hashes = false;
  std::string candles;
  std::string rate = "max";
  std::string start_offset;
  std::string duration;
  std::uint64_t limit = 0;
  unsigned read_ahead = 1;
  bool start_paused = false;
  int depth_shown = 5;
};

void append_books(std::string& out, const Client& client, int depth) {
  const auto side = [&](LevelsView levels, std::string_view name) {
    int shown = 0;
    for (const Level& level : levels) {
      if (shown++ == depth) break;
      out += fmt::format("  {:<4} {:>16} {:>24}\n", name, level.price.text(), level.quantity.text());
    }
  };
  for (const auto& [symbol, book] : client.books()) {
    out += fmt::format("\nbook {} depth {}: {}, {} checksums verified\n", symbol, book.spec().depth,
                       to_string(book.state()), grouped(book.checksums_verified()));
    side(book.asks(), "ask");
    side(book.bids(), "bid");
  }
}

// What a person wants to see of a replay: candles as they close, then the books as they stood at the end, or when the
// connection that told them was closed.
class Summary {
 public:
  explicit Summary(int depth) : depth_(depth) {}
  void watch(const RecordedClients& clients) { clients_ = &clients; }

  void print_books() const {
    for (const auto& [connection, entry] : clients_->all()) {
      std::string text;
      append_books(text, *entry->client, depth_);
      const auto closed = at_closing_.find(connection);
      put(entry->client->connected() || closed == at_closing_.end() ? text : closed->second);
    }
  }

  void hear(const ClientStage::Heard& heard) {
    // The books are emptied after this event.
    if (const auto* link = std::get_if<LinkChange>(&heard.event); link != nullptr && link->state == LinkState::Down) {
      for (const auto& [connection, entry] : clients_->all()) {
        if (!entry->client->connected() && at_closing_.contains(connection)) continue;
        std::string& text = at_closing_[connection];
        text.clear();
        append_books(text, *entry->client, depth_);
      }
    }
    const auto* candle = std::get_if<Candle>(&heard.event);
    if (candle == nullptr || candle->source != CandleSource::Trades || heard.past) return;
    if (candles_++ == 0) {
      put(fmt::format("{:<20} {:<10} {:>4} {:>14} {:>14} {:>14} {:>14} {:>20} {:>7}  {}\n", "candle", "symbol", "min",
                      "open", "high", "low", "close", "volume", "trades", "state"));
    }
    put(fmt::format("{:<20} {:<10} {:>4} {:>14} {:>14} {:>14} {:>14} {:>20} {:>7}  {}\n",
                    format_rfc3339(candle->begin, 0), candle->symbol, candle->interval / std::chrono::minutes(1),
                    candle->open.text(), candle->high.text(), candle->low.text(), candle->close.text(),
                    candle->volume.text(), candle->trades, to_string(candle->state)));
  }

 private:
  const RecordedClients* clients_ = nullptr;
  int depth_;
  std::uint64_t candles_ = 0;
  std::map<ConnectionId, std::string> at_closing_;
};

// Enter plays one frame, c and Enter the rest.
class Steps {
 public:
  explicit Steps(bool paused) : paused_(paused) {
    if (paused_) say("paused: Enter plays one frame, c and Enter goes on, q and Enter ends");
  }
  // False when the user wants to end.
  bool wait() {
    if (!paused_) return true;
    flush_output();
    std::string answer;
    if (!std::getline(std::cin, answer) || answer == "q") return false;
    if (answer == "c") paused_ = false;
    return true;
  }

 private:
  bool paused_;
};

struct Window {
  Timestamp begin;
  std::optional<Timestamp> end;
};

// The one hash as `--hash` always printed it; with `each`, a line for each stream as well.
void print_hashes(HistoryHashes& hashes, bool each) {
  if (!each) {
    put(hashes.whole() + "\n");
    return;
  }
  put(fmt::format("{}  {:>12}  all\n", hashes.whole(), grouped(hashes.events())));
  for (const HistoryHashes::Stream& stream : hashes.streams()) {
    put(fmt::format("{}  {:>12}  {}{}{}\n", stream.hash, grouped(stream.events), stream.channel,
                    stream.symbol.empty() ? "" : " ", stream.symbol));
  }
}

int run(const Options& options) {
  const auto rate = parse_rate(options.rate);
  if (!rate) return report(in_option("--rate", rate.error()));
  const auto intervals = parse_intervals(options.candles);
  if (!intervals) return report(in_option("--candles", intervals.error()));
  const auto start_offset = parse_optional_duration("--start-offset", options.start_offset);
  if (!start_offset) return report(start_offset.error());
  const auto duration = parse_optional_duration("--duration", options.duration);
  if (!duration) return report(duration.error());

  const auto recordings = open_recordings(options.files);
  if (!recordings) return report(recordings.error());
  const auto dialects = dialects_of(**recordings);
  if (!dialects) return report(dialects.error());
  if (auto longer = require_longer_than(**recordings, start_offset->value_or(Duration::zero())); !longer) {
    return report(longer.error());
  }

  const bool hashed = options.hash || options.hashes;
  HistoryHashes hashes;
  Summary summary(options.depth_shown);
  std::string line;
  ClientStage stage(*dialects, {.candles = {.intervals = *intervals}}, {}, [&](const ClientStage::Heard& heard) {
    if (!options.events && !hashed) return summary.hear(heard);
    if (heard.past) return;
    line.clear();
    append_event_text(line, heard.at, static_cast<std::uint32_t>(heard.connection), heard.event);
    line.push_back('\n');
    if (hashed) {
      hashes.add(heard.event, line);
    } else {
      put(line);
    }
  });
  summary.watch(stage.clients());
  // Who stops early is told what is missing up to there, so nothing may have read on.
  const bool to_the_end = options.limit == 0 && !*duration && !options.start_paused;
  std::optional<ReadAhead> ahead;
  if (options.read_ahead > 0 && to_the_end) ahead.emplace(**recordings);
  Player player(ahead ? static_cast<FrameSource&>(*ahead) : **recordings, stage.clock(), stage.frames());

  // The past of the window is played silently: books and candles are as they would be for somebody who was there.
  std::optional<Window> window;
  std::optional<RealTimePace> pace;
  Steps steps(options.start_paused);
  Progress progress;
  std::uint64_t shown = 0;
  for (;;) {
    const auto next = player.next_at();
    if (!next) return report(next.error());
    if (!*next) break;
    if (!window) {
      window = Window{**next + start_offset->value_or(Duration::zero()), {}};
      if (*duration) window->end = window->begin + **duration;
    }
    if (window->end && **next >= *window->end) break;
    const bool past = **next < window->begin;
    stage.catch_up(past);
    if (!past) {
      if (options.limit != 0 && shown++ == options.limit) break;
      if (!steps.wait()) break;
      if (*rate) {
        if (!pace) pace.emplace(**rate, **next);
        if (!flush_output()) break;
        pace->wait_until(**next);
      }
    }
    if (const auto stepped = player.step(); !stepped) return report(stepped.error());
    if (progress.due()) {
      progress.show(
          fmt::format("replaying: {} frames, {}", grouped(player.frames()), format_rfc3339(stage.clock().now(), 0)));
    }
  }

  if (hashed) print_hashes(hashes, options.hashes);
  if (!options.events && !hashed) summary.print_books();
  flush_output();
  ahead.reset();  // what is missing is asked of the recordings themselves
  return tell_what_is_missing(**recordings);
}

}  // namespace

void add_replay(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("replay", "Plays recordings through the client core on a virtual clock");
  command->footer(
      "Example: ktape replay session.ktape --candles 1,5\n"
      "Prints candles as they close and the final books; or, with --events, every event as a JSON object.");
  command->add_option("FILE", options->files, "Recordings, or folders of them, played as one")->required();
  auto* events = command->add_flag("--events", options->events, "Print the event log: one JSON object per event");
  auto* hash =
      command->add_flag("--hash", options->hash, "Print the SHA-256 of the event log, alone")->excludes(events);
  command->add_flag("--hashes", options->hashes, "Print it, and that of each channel and symbol")
      ->excludes(events)
      ->excludes(hash);
  command->add_option("--candles", options->candles, "Build candles of these minutes from the trades (1,5,60)");
  command->add_option("-r,--rate", options->rate, "max, or a ratio to real time: 1, 60, 1/2")->capture_default_str();
  command->add_option("--start-offset", options->start_offset, "Begin so far into the recording (1m30s)");
  command->add_option("--duration", options->duration, "Play no more than this span");
  command->add_option("--limit", options->limit, "Play at most so many frames")->check(CLI::NonNegativeNumber);
  command
      ->add_option("--read-ahead", options->read_ahead,
                   "Threads that read ahead: none or one. What is played is the same")
      ->check(CLI::Range(0U, 1U))
      ->capture_default_str();
  command->add_flag("-p,--start-paused", options->start_paused, "Step by hand: Enter plays one frame");
  command->add_option("--levels", options->depth_shown, "Levels shown of each final book")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
