#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/interruption.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/client/event_log.hpp"
#include "inspect/following_source.hpp"
#include "inspect/frame_text.hpp"
#include "inspect/selection.hpp"
#include "live/real_time.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string file;
  std::string format = "text";
  std::string time_format;
  std::string from, to;
  std::string start_offset, duration;
  std::string channels, symbols, connections, direction, kinds;
  std::uint64_t limit = 0;
  bool events = false;
  bool follow = false;
};

// The options, understood.
struct Wish {
  Selection selection;
  TimeFormat time_format = TimeFormat::Rfc3339;
  std::optional<Moment> from;
  std::optional<Moment> to;
  std::optional<Duration> duration;  // since `from`
};

std::string names(const std::vector<std::string_view>& all) { return fmt::format("{}", fmt::join(all, ", ")); }

Result<void> select_kinds(const Options& options, Selection& selection) {
  for (std::string& name : split_list(options.kinds)) {
    if (options.events) {
      const auto known = event_names();
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        return fail(Errc::InvalidArgument, fmt::format("--kind: '{}' is no event: {} expected", name, names(known)));
      }
      selection.events.push_back(std::move(name));
    } else if (const auto kind = parse_frame_kind(name)) {
      selection.frame_kinds.push_back(*kind);
    } else {
      return fail(
          Errc::InvalidArgument,
          fmt::format("--kind: '{}' is no kind of frame: opened, text, binary, ping, pong or closed expected", name));
    }
  }
  return {};
}

Result<std::optional<Moment>> moment(std::string_view option, const std::string& text) {
  if (text.empty()) return std::optional<Moment>{};
  const auto parsed = parse_moment(text);
  if (!parsed) return tl::unexpected(in_option(option, parsed.error()));
  return std::optional(*parsed);
}

Result<Wish> understand(const Options& options) {
  Wish wish;
  wish.selection.channels = split_list(options.channels);
  wish.selection.symbols = split_list(options.symbols);
  for (const std::string& text : split_list(options.connections)) {
    const auto number = Decimal::parse(text);
    if (!number || number->scale() != 0 || number->coefficient() < 0 || number->coefficient() > UINT32_MAX) {
      return fail(Errc::InvalidArgument, fmt::format("--connection: '{}' is no connection id", text));
    }
    wish.selection.connections.push_back(ConnectionId{static_cast<std::uint32_t>(number->coefficient())});
  }
  if (!options.direction.empty()) {
    wish.selection.direction = options.direction == "in" ? Direction::FromExchange : Direction::ToExchange;
    if (options.events) return fail(Errc::InvalidArgument, "--direction: events have none; leave out --events");
  }
  if (auto done = select_kinds(options, wish.selection); !done) return tl::unexpected<Error>(done.error());
  wish.time_format = options.format == "json" ? TimeFormat::UnixNs : TimeFormat::Rfc3339;
  if (!options.time_format.empty())
    wish.time_format = parse_time_format(options.time_format).value_or(wish.time_format);
  if (options.events && (options.format == "csv" || options.format == "payload")) {
    return fail(Errc::InvalidArgument,
                fmt::format("--events --format {}: text or json expected; `ktape export` makes tables of events",
                            options.format));
  }
  auto from = moment("--from", options.from);
  if (!from) return tl::unexpected<Error>(from.error());
  auto to = moment("--to", options.to);
  if (!to) return tl::unexpected<Error>(to.error());
  const auto start_offset = parse_optional_duration("--start-offset", options.start_offset);
  if (!start_offset) return tl::unexpected<Error>(start_offset.error());
  auto duration = parse_optional_duration("--duration", options.duration);
  if (!duration) return tl::unexpected<Error>(duration.error());
  wish.from = *from;
  wish.to = *to;
  wish.duration = *duration;
  if (*start_offset) wish.from = Moment{.at = {}, .offset = **start_offset};
  return wish;
}

// Where the first frame is, so that a window that counts from it can be laid.
struct Window {
  Timestamp zero;
  Timestamp begin;
  std::optional<Timestamp> end;
};
Window window_for(const Wish& wish, Timestamp first) {
  Window window{.zero = first, .begin = wish.from.value_or(Moment{}).from(first), .end = {}};
  if (!wish.from) window.begin = Timestamp::min();
  if (wish.to) window.end = wish.to->from(first);
  if (wish.duration) {
    const Timestamp end = Moment{.at = {}, .offset = *wish.duration}.from(wish.from ? window.begin : first);
    window.end = std::min(window.end.value_or(end), end);
  }
  return window;
}

// Prints frames one after the other until it has enough.
class FramePrinter {
 public:
  FramePrinter(const Options& options, const Wish& wish, FrameClassifier* classifier, std::optional<Window> window,
               const SessionReader& reader)
      : options_(options), wish_(wish), classifier_(classifier), window_(window), reader_(reader) {
    if (options.format == "csv") put(kFrameCsvHeader);
  }

  bool print(const Frame& frame) {
    if (!window_) window_ = window_for(wish_, frame.at);
    if (frame.at < window_->begin) return true;
    if (window_->end && frame.at >= *window_->end) return false;
    if (!admits(wish_.selection, frame, classifier_)) return true;
    const TimeStyle style{wish_.time_format, window_->zero};
    line_.clear();
    if (options_.format == "json") {
      append_frame_json(line_, frame, style, reader_.in_keyframe());
    } else if (options_.format == "csv") {
      append_frame_csv(line_, frame, style);
    } else if (options_.format == "payload") {
      if (frame.kind != FrameKind::Text) return true;
      line_.append(frame.payload).push_back('\n');
    } else {
      append_frame_text(line_, frame, style, reader_.in_keyframe());
    }
    return put(line_) && ++printed_ != options_.limit;
  }

 private:
  const Options& options_;
  const Wish& wish_;
  FrameClassifier* classifier_;
  std::optional<Window> window_;
  const SessionReader& reader_;  // frames of a keyframe were not recorded but made, and say so
  std::uint64_t printed_ = 0;
  std::string line_;
};

// Plays the frames through clients and prints what these tell. The past of the window is played silently, so that the
// events in it are those that somebody who was there would have seen.
class EventPrinter {
 public:
  EventPrinter(const Options& options, const Wish& wish, Dialect dialect, FrameSource& source)
      : options_(options),
        wish_(wish),
        log_(clock_, [this](std::string_view line) { print(line); }),
        clients_(dialect, clock_, [this](ConnectionId connection) -> EventSink& { return sink_of(connection); }, {}),
        player_(source, clock_, clients_) {}

  // Like Player::step(), and false also once enough has been printed.
  Result<bool> step() {
    const auto next = player_.next_at();
    if (!next) return tl::unexpected<Error>(next.error());
    if (!*next) return false;
    if (!window_) window_ = window_for(wish_, **next);
    if (window_->end && **next >= *window_->end) return false;
    const auto stepped = player_.step();
    return stepped ? Result<bool>(*stepped && !enough_) : stepped;
  }

 private:
  class Selected final : public EventSink {
   public:
    Selected(EventPrinter& printer, ConnectionId connection) : printer_(printer), connection_(connection) {}
    void on_event(const Event& event) override {
      if (printer_.clock_.now() < printer_.window_->begin) return;
      if (admits(printer_.wish_.selection, connection_, event)) printer_.log_.of(connection_).on_event(event);
    }

   private:
    EventPrinter& printer_;
    ConnectionId connection_;
  };

  EventSink& sink_of(ConnectionId connection) {
    return *sinks_.emplace_back(std::make_unique<Selected>(*this, connection));
  }

  void print(std::string_view line) {
    if (enough_) return;
    if (options_.format == "json" && wish_.time_format == TimeFormat::UnixNs) {
      enough_ = !put(line);
    } else {
      const auto parsed = parse_event_line(line);
      text_.clear();
      const bool json = options_.format == "json";
      text_ += json ? R"({"at":")" : "";
      append_time(text_, wish_.time_format, parsed->at, window_->zero);
      text_ +=
          json ? fmt::format(R"(","connection":{},)", parsed->connection) : fmt::format(" {} {{", parsed->connection);
      text_ += parsed->rest;
      text_.push_back('\n');
      enough_ = !put(text_);
    }
    if (++printed_ == options_.limit) enough_ = true;
  }

  const Options& options_;
  const Wish& wish_;
  VirtualClock clock_{Timestamp::min()};
  EventLog log_;
  std::vector<std::unique_ptr<Selected>> sinks_;
  RecordedClients clients_;
  Player player_;
  std::optional<Window> window_;
  std::string text_;
  std::uint64_t printed_ = 0;
  bool enough_ = false;
};

Result<void> print_frames(const Options& options, const Wish& wish, FrameSource& source, const SessionReader& reader,
                          FrameClassifier* classifier, std::optional<Window> window,
                          const std::optional<Interruption>& interruption) {
  FramePrinter printer(options, wish, classifier, window, reader);
  for (;;) {
    const auto frame = source.next();
    if (!frame) return tl::unexpected<Error>(frame.error());
    if (!*frame || !printer.print(**frame) || (interruption && interruption->requested())) return {};
  }
}

Result<void> print_events(const Options& options, const Wish& wish, FrameSource& source, Dialect dialect,
                          const std::optional<Interruption>& interruption) {
  EventPrinter printer(options, wish, dialect, source);
  for (;;) {
    const auto stepped = printer.step();
    if (!stepped) return tl::unexpected<Error>(stepped.error());
    if (!*stepped || (interruption && interruption->requested())) return {};
  }
}

// A window that begins after the end is a mistake, not an empty result.
Result<void> require_inside(SessionReader& recording, const Options& options, Duration offset) {
  if (options.from.empty()) return require_longer_than(recording, options.file, offset);
  const auto summary = recording.summary();
  if (!summary) return tl::unexpected<Error>(summary.error());
  const Duration length = summary->first_at ? *summary->last_at - *summary->first_at : Duration::zero();
  if (offset <= length) return {};
  return fail(Errc::InvalidArgument,
              fmt::format("--from {}: {} ends after {}", options.from, options.file, format_duration(length)));
}

// The window of a listing that begins later than the recording, after going there; nothing where that has to be found
// on the way. Chunks that end before it are not read.
Result<std::optional<Window>> seek_window(SessionReader& recording, const Wish& wish) {
  if (!wish.from) return std::optional<Window>{};
  const auto first = recording.next();
  if (!first) return tl::unexpected<Error>(first.error());
  if (!*first) return std::optional<Window>{};
  const Window window = window_for(wish, (*first)->at);
  if (auto done = recording.seek(window.begin); !done) return tl::unexpected<Error>(done.error());
  return std::optional(window);
}

int run(const Options& options) {
  const auto wish = understand(options);
  if (!wish) return report(wish.error());
  auto reader = open_recording(options.file);
  if (!reader) return report(reader.error());
  if (wish->from && !wish->from->at && !options.follow) {
    if (auto inside = require_inside(**reader, options, wish->from->offset); !inside) return report(inside.error());
  }
  const auto dialect = dialect_of((*reader)->info());
  FrameClassifier* const classifier = dialect ? classifier_for(std::string(to_string(*dialect))) : nullptr;
  if (options.events) {
    if (!dialect) return report(dialect.error());
    if (auto decodes = require_codec(*dialect); !decodes) return report(decodes.error());
  } else if (classifier == nullptr && !(wish->selection.channels.empty() && wish->selection.symbols.empty())) {
    return report(
        {Errc::Unsupported, fmt::format("--channel and --symbol: {} is of {}, whose messages this version does "
                                        "not tell apart",
                                        options.file, (*reader)->info().dialect)});
  }

  const auto window = options.events ? Result<std::optional<Window>>(std::nullopt) : seek_window(**reader, *wish);
  if (!window) return report(window.error());
  std::optional<Interruption> interruption;
  if (options.follow) interruption.emplace();
  FollowingSource following(**reader, [&] {
    if (!flush_output() || output_is_closed() || interruption->requested()) return false;
    pause_real_time(std::chrono::milliseconds(100));
    return !interruption->requested();
  });
  FrameSource& source = options.follow ? static_cast<FrameSource&>(following) : **reader;
  const auto printed = options.events
                           ? print_events(options, *wish, source, *dialect, interruption)
                           : print_frames(options, *wish, source, **reader, classifier, *window, interruption);
  if (!printed) return report(printed.error());
  flush_output();
  return tell_what_is_missing(**reader, options.file);
}

}  // namespace

void add_cat(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("cat", "Prints the frames of a recording, or its events, one per line");
  command->footer(
      "Example: ktape cat session.ktape --channel trade --from +30s --to +1m --format json\n"
      "text: time, connection, < from or > to the exchange, payload. payload: the messages alone, both ways.\n"
      "A time is RFC 3339 (2026-09-01T08:00:00Z) or a span since the first frame (+1m30s). Lists have commas.");
  command->add_option("FILE", options->file, "The recording")->required();
  command->add_option("--format", options->format, "text, json, csv or payload")
      ->check(CLI::IsMember({"text", "json", "csv", "payload"}))
      ->capture_default_str();
  command
      ->add_option("--time-format", options->time_format,
                   "rfc3339, unix-ns, unix-s or offset [rfc3339; unix-ns in json]")
      ->check(CLI::IsMember({"rfc3339", "unix-ns", "unix-s", "offset"}));
  command->add_flag("--events", options->events, "Print typed events in place of frames; text or json");
  auto* from = command->add_option("--from", options->from, "Leave out what is stamped before this time");
  command->add_option("--to", options->to, "Leave out what is stamped at this time or later");
  command->add_option("--start-offset", options->start_offset, "Leave out so much from the beginning (1m30s)")
      ->excludes(from);
  command->add_option("--duration", options->duration, "Print no more than this span");
  command->add_option("--channel", options->channels, "Only these channels: book,trade");
  command->add_option("--symbol", options->symbols, "Only these symbols: BTC/USD,ETH/USD");
  command->add_option("--connection", options->connections, "Only the connections with these numbers");
  command->add_option("--direction", options->direction, "in (from the exchange) or out")
      ->check(CLI::IsMember({"in", "out"}));
  command->add_option("--kind", options->kinds,
                      "Only these kinds of frames (text,closed) or events (trade,book_update)");
  command->add_option("--limit", options->limit, "Print at most so many lines")->check(CLI::NonNegativeNumber);
  command->add_flag("-f,--follow", options->follow, "Wait for what is still being written, until it is sealed");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
