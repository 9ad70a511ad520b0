#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/client/client.hpp"
#include "core/client/event_log.hpp"
#include "live/lateness.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "recorder/recording_transport.hpp"
#include "recorder/session_identity.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string output;
  std::string url = "wss://ws.kraken.com/v2";
  std::string ca;
  FeedArguments feeds{.symbols = "BTC/USD"};
  std::string clock = "system";
  std::string length;
  std::string events;
  std::string candles;
  std::string sync_interval = "1s";
  int level = 9;
};

// A text file that must not lose a line: the first failure is kept. Lines are held back until pass_on(), so that the
// log never tells what a crash has taken from the recording.
class EventFile {
 public:
  static Result<std::unique_ptr<EventFile>> create(const std::string& path) {
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) return fail(Errc::Io, fmt::format("cannot create {}: {}", path, std::strerror(errno)));
    return std::unique_ptr<EventFile>(new EventFile(file, path));
  }
  ~EventFile() {
    if (file_ != nullptr) std::fclose(file_);
  }
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  void write(std::string_view line) { held_back_ += line; }
  void pass_on() {
    if (held_back_.empty()) return;
    if (std::fwrite(held_back_.data(), 1, held_back_.size(), file_) != held_back_.size() || std::fflush(file_) != 0) {
      note_error();
    }
    held_back_.clear();
  }
  Result<void> close() {
    pass_on();
    if (std::fclose(std::exchange(file_, nullptr)) != 0) note_error();
    if (error_ == 0) return {};
    return fail(Errc::Io, fmt::format("cannot write {}: {}", path_, std::strerror(error_)));
  }

 private:
  EventFile(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}
  void note_error() {
    if (error_ == 0) error_ = errno;
  }

  std::FILE* file_;
  std::string path_;
  std::string held_back_;
  int error_ = 0;
};

// Each frame is in the kernel before anybody acts on it, and before its instant is answered: a kill costs none.
class CommittedFrames final : public FrameSink {
 public:
  explicit CommittedFrames(SessionWriter& writer) : writer_(writer) {}
  void on_frame(const Frame& frame) override {
    writer_.on_frame(frame);
    static_cast<void>(writer_.commit());  // an error sticks to the writer, and ends the recording after this turn
  }

 private:
  SessionWriter& writer_;
};

// Counts what goes by and tells a person how it is going.
class Watch final : public EventSink {
 public:
  explicit Watch(EventSink* log) : log_(log) {}

  void on_event(const Event& event) override {
    if (log_ != nullptr) log_->on_event(event);
    if (const auto* reply = std::get_if<Reply>(&event);
        reply != nullptr && !reply->success && reply->method != "pong") {
      ++refused;
      say(fmt::format("ktape: refused: {} {} {}: {}", reply->method, reply->channel, reply->symbol, reply->error));
    } else if (const auto* link = std::get_if<LinkChange>(&event)) {
      say(fmt::format("{} {}", link->state == LinkState::Up ? "connected to" : "disconnected:", link->detail));
      if (link->state == LinkState::Up) ++connections;
    } else if (const auto* change = std::get_if<BookStateChange>(&event);
               change != nullptr && change->state == BookState::Invalid) {
      say(fmt::format("ktape: {}", change->reason));
    } else if (const auto* gap = std::get_if<TradeGap>(&event)) {
      say(fmt::format("ktape: {}: trades {} to {} are missing", gap->symbol, gap->expected_id, gap->received_id - 1));
    }
  }

  std::uint64_t refused = 0;
  std::uint64_t connections = 0;

 private:
  EventSink* log_;
};

// Passes on everything; tells when the connection has ended.
class EndWatch final : public Transport, private FrameSink {
 public:
  EndWatch(Transport& inner, std::function<void()> on_closed) : inner_(inner), on_closed_(std::move(on_closed)) {}
  void connect(const Endpoint& endpoint, FrameSink& inbound) override {
    inbound_ = &inbound;
    inner_.connect(endpoint, *this);
  }
  void send(std::string_view text) override { inner_.send(text); }
  void close(const CloseInfo& why) override { inner_.close(why); }

 private:
  void on_frame(const Frame& frame) override {
    inbound_->on_frame(frame);
    if (frame.kind == FrameKind::Closed) on_closed_();
  }

  Transport& inner_;
  std::function<void()> on_closed_;
  FrameSink* inbound_ = nullptr;
};

Result<NewRecording> new_recording(const Options& options, Timestamp now) {
  auto identity = SessionIdentity::draw();
  if (!identity) return tl::unexpected<Error>(identity.error());
  NewRecording recording{.path = options.output, .info = {}, .options = {}, .journal = true};
  recording.info.session_id = identity->session_id;
  recording.info.salt = identity->salt;
  recording.info.created_at = now;
  recording.info.writer = kWriter;
  recording.info.dialect = to_string(Dialect::SpotV2);
  recording.options.compression_level = options.level;
  recording.options.redaction_key = identity->redaction_key;
  return recording;
}

int run(const Options& options) {
  const auto endpoint = Endpoint::parse(options.url);
  if (!endpoint) return report(in_option("--url", endpoint.error()));
  const auto wanted = subscriptions(options.feeds);
  if (!wanted) return report(wanted.error());
  const auto intervals = parse_intervals(options.candles);
  if (!intervals) return report(in_option("--candles", intervals.error()));
  const auto length = parse_optional_duration("--for", options.length);
  if (!length) return report(length.error());
  const auto sync_interval = parse_duration(options.sync_interval);
  if (!sync_interval || *sync_interval <= Duration::zero()) {
    return report({Errc::InvalidArgument,
                   fmt::format("--sync-interval: '{}' is no time span such as 1s", options.sync_interval)});
  }
  WebSocketOptions socket_options;
  socket_options.ca_file = options.ca;
  // What no second try could mend is no outage.
  if (auto possible = WebSocketTransport::check(*endpoint, socket_options); !possible) {
    return report({possible.error().code, fmt::format("{}: {}", options.url, possible.error().detail)});
  }
  const bool server_time = options.clock == "server";

  LiveLoop loop(server_time ? TimeSource::Server : TimeSource::System);
  VirtualClock& clock = loop.clock();
  auto recording = new_recording(options, clock.now());
  if (!recording) return report(recording.error());
  auto writer = create_recording(std::move(*recording));
  if (!writer) return report(writer.error());
  std::unique_ptr<EventFile> event_file;
  if (!options.events.empty()) {
    auto created = EventFile::create(options.events);
    if (!created) {
      discard_recording(std::move(*writer), options.output);
      return report(created.error());
    }
    event_file = std::move(*created);
  }

  EventLog log(clock, [&](std::string_view line) { event_file->write(line); });
  Watch watch(event_file ? &log.of(ConnectionId{1}) : nullptr);
  WebSocketTransport socket(loop, ConnectionId{1}, socket_options);
  CommittedFrames committed(**writer);
  RecordingTransport recorded(socket, committed);
  const auto codec = make_codec(Dialect::SpotV2);
  Client* running = nullptr;
  bool stopping = false;
  // A server that keeps the time takes it along when it goes: its end is the end of the recording.
  EndWatch transport(recorded, [&] {
    if (server_time || stopping) loop.stop();
  });
  Lateness lateness;
  CandleOptions candles{.intervals = *intervals};
  // A server's time says nothing about how fast this program is.
  if (!server_time) candles.on_close = [&lateness](Timestamp due) { lateness.measure(due); };
  Client client(transport, *codec, clock, watch,
                {.endpoint = *endpoint, .candles = std::move(candles), .reconnects = !server_time});
  running = &client;
  for (const Subscription& one : *wanted) {
    if (const auto possible = client.subscribe(one); !possible) return report(possible.error());
  }

  const auto stop = [&] {
    if (std::exchange(stopping, true)) {
      loop.stop();  // asked twice: do not wait for the exchange's goodbye
    } else if (running->connected()) {
      running->stop();
    } else {
      running->stop();
      loop.stop();
    }
  };
  loop.on_signal(SIGINT, stop);
  loop.on_signal(SIGTERM, stop);
  std::optional<Timer> end;
  if (*length) end = clock.at(clock.now() + **length, [&](Timestamp) { stop(); });

  Timestamp next_sync = clock.now();
  Progress progress;
  bool failed = false;
  loop.after_turn([&] {
    Result<void> kept = (*writer)->commit();
    if (kept && clock.now() >= next_sync) {
      kept = (*writer)->sync();
      next_sync = clock.now() + *sync_interval;
      progress.show(fmt::format("recording: {} frames, {}, {}  (Ctrl-C ends it)", grouped((*writer)->frames()),
                                bytes_text((*writer)->stored_bytes()), format_rfc3339(clock.now(), 0)));
    }
    if (kept && event_file) event_file->pass_on();
    if (!kept && !std::exchange(failed, true)) loop.stop();
  });
  client.start();
  loop.run();

  loop.after_turn({});
  if (failed) {
    const Error error = (*writer)->status().error();
    return report(
        {error.code, fmt::format("recording stopped: {}; what was written before stays readable", error.detail)});
  }
  if (auto finished = (*writer)->finish(); !finished) return report(finished.error());
  if (event_file) {
    if (auto closed = event_file->close(); !closed) return report(closed.error());
  }
  say(fmt::format("{}: {} frames, {}, {} checksums right, {} wrong, {} holes in trade ids", options.output,
                  grouped((*writer)->frames()), bytes_text((*writer)->stored_bytes()),
                  grouped(client.stats().checksums_verified), grouped(client.stats().checksums_failed),
                  grouped(client.stats().trade_gaps)));
  if (lateness.count() > 0) {
    const auto text = [&](int percent) {
      return format_duration(std::chrono::floor<std::chrono::microseconds>(lateness.percentile(percent)));
    };
    say(fmt::format("candles closed {} times, late by {} (half), {} (99 of 100), {} (all)", grouped(lateness.count()),
                    text(50), text(99), text(100)));
  }
  if (watch.connections == 0) return kFailed;
  const bool whole = watch.refused == 0 && client.stats().checksums_failed == 0 && client.stats().trade_gaps == 0;
  return whole ? kClean : kIncomplete;
}

}  // namespace

void add_record(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("record", "Records a live session, every message both ways");
  command->footer(
      "Example: ktape record --symbols BTC/USD,ETH/USD --channels book,trade --depth 25 -o session.ktape\n"
      "Ctrl-C ends the recording and seals it. After a crash the file and its .journal together hold every message.\n"
      "Exit code 3: something was refused, a checksum failed, or trades are missing.");
  command->add_option("-o,--output", options->output, "The recording to make; must not exist")->required();
  command->add_option("--url", options->url, "Where the exchange is")->capture_default_str();
  command->add_option("--ca", options->ca, "Trust the authorities in this PEM file instead of the system's");
  command->add_option("--symbols", options->feeds.symbols, "Pairs in Kraken's v2 names")->capture_default_str();
  command->add_option("--channels", options->feeds.channels, "instrument, ticker, book, trade, ohlc")
      ->capture_default_str();
  command->add_option("--depth", options->feeds.depth, "Of the book: 10, 25, 100, 500, 1000")->capture_default_str();
  command->add_option("--interval", options->feeds.ohlc_interval, "Of the ohlc channel, in minutes")
      ->capture_default_str();
  command->add_option("--for", options->length, "Stop after this time (5m)");
  command->add_option("--clock", options->clock, "system, or server: the time that a mock server announces")
      ->check(CLI::IsMember({"system", "server"}))
      ->capture_default_str();
  command->add_option("--events", options->events, "Write the event log of this run to a file as well");
  command->add_option("--candles", options->candles, "Build candles of these minutes for the event log (1,5,60)");
  command->add_option("--sync-interval", options->sync_interval, "What a power loss may cost")->capture_default_str();
  command->add_option("--level", options->level, "zstd level")->check(CLI::Range(1, 19))->capture_default_str();
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
