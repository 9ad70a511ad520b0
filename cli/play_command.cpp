#include <csignal>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/play/control.hpp"
#include "cli/play/keys.hpp"
#include "cli/play/line_printer.hpp"
#include "cli/play/market_watch.hpp"
#include "cli/play/screen.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/market/event_text.hpp"
#include "live/http_server.hpp"
#include "live/input_watch.hpp"
#include "live/line_server.hpp"
#include "live/real_time.hpp"
#include "replay/steering_commands.hpp"

namespace ktape::cli {
namespace {

using namespace std::chrono_literals;

// Of frames between two looks at the keys and sockets.
constexpr std::size_t kFramesPerTurn = 2'000;
constexpr Duration kRedraw = 50ms;
constexpr Duration kLongSleep = 1h;
constexpr int kLastTurns = 10;

struct Options {
  std::vector<std::string> files;
  std::string start, duration, until, max_wait;
  std::string rate = "1";
  std::string candles = "1";
  bool loop = false;
  bool paused = false;
  bool lines = false;
  bool events = false;
  std::string control;
  int http_port = -1;
  std::string http_host = "127.0.0.1";
};

struct Plan {
  SteeringOptions steering;
  std::vector<Duration> intervals;
};

Result<Plan> plan_of(const Options& options, const SessionSet& recordings) {
  Plan plan;
  SteeringOptions& steering = plan.steering;
  if (!recordings.first_at()) return fail(Errc::Io, fmt::format("{}: there are no frames", options.files.front()));
  steering.first_at = *recordings.first_at();
  steering.last_at = *recordings.last_at();
  steering.paused = options.paused;
  steering.loop = options.loop;
  const auto rate = parse_rate(options.rate);
  if (!rate) return tl::unexpected(in_option("--rate", rate.error()));
  steering.rate = *rate;
  auto intervals = parse_intervals(options.candles);
  if (!intervals) return tl::unexpected(in_option("--candles", intervals.error()));
  if (intervals->empty()) return fail(Errc::InvalidArgument, "--candles names no interval");
  plan.intervals = std::move(*intervals);
  const auto max_wait = parse_optional_duration("--max-wait", options.max_wait);
  if (!max_wait) return tl::unexpected<Error>(max_wait.error());
  steering.max_wait = *max_wait;

  const auto inside = [&](std::string_view option, const std::string& text, Timestamp from) -> Result<Timestamp> {
    const auto at = parse_moment(text, steering.first_at, from);
    if (!at) return tl::unexpected(in_option(option, at.error()));
    if (*at >= steering.first_at && *at <= steering.last_at) return *at;
    return fail(Errc::InvalidArgument,
                fmt::format("{} {}: there is {} to {}", option, text, format_rfc3339(steering.first_at, 3),
                            format_rfc3339(steering.last_at, 3)));
  };
  if (!options.start.empty()) {
    const auto begin = inside("--start", options.start, steering.first_at);
    if (!begin) return tl::unexpected<Error>(begin.error());
    steering.begin = *begin;
  }
  const Timestamp begin = steering.begin.value_or(steering.first_at);
  if (!options.until.empty()) {
    const auto end = inside("--until", options.until, begin);
    if (!end) return tl::unexpected<Error>(end.error());
    steering.end = *end;
  }
  const auto duration = parse_optional_duration("--duration", options.duration);
  if (!duration) return tl::unexpected<Error>(duration.error());
  if (*duration && **duration < steering.last_at - begin) steering.end = begin + **duration;
  if (steering.end && *steering.end <= begin) {
    return fail(Errc::InvalidArgument, fmt::format("nothing is left to play: it would begin at {} and end at {}",
                                                   format_rfc3339(begin, 3), format_rfc3339(*steering.end, 3)));
  }
  return plan;
}

std::string title_of(const SessionSet& recordings, const std::vector<std::string>& files) {
  std::string title = "ktape play " + files.front();
  if (files.size() > 1) title += fmt::format(" and {} more", files.size() - 1);
  const std::size_t sessions = recordings.sessions().size();
  return title + fmt::format("  ({} session{})", sessions, sessions == 1 ? "" : "s");
}

// One playback, from its first frame to the end of the program: who hears it, and who steers it.
class Playback {
 public:
  Playback(const Options& options, SessionSet& recordings, RecordedClients::DialectOf dialects, Plan plan)
      : options_(options),
        recordings_(recordings),
        watch_(plan.intervals.front()),
        player_(
            recordings,
            [this, dialects = std::move(dialects), intervals = plan.intervals](Duration shift) {
              return make_stage(dialects, intervals, shift);
            },
            plan.steering,
            [this](const SteeringNotice& notice) {
              if (notice.kind == SteeringNotice::Kind::RoundBegun && !screen_) printer_.finish(*stage_, output_);
              announce(notice_text(notice));
            }),
        control_(player_) {
    title_ = title_of(recordings, options.files);
  }

  int run() {
    if (auto opened = open_doors(); !opened) return report(opened.error());
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) loop_.on_signal(signal, [this] { quit_ = true; });
    if (auto ready = open_screen(); !ready) return report(ready.error());
    if (player_.status().state == SteeringStatus::State::Paused && !screen_ && !server_ && !http_) {
      return report({Errc::InvalidArgument, "--paused: nobody could go on: a terminal, --control or --http expected"});
    }
    const auto ended = play();
    // Whoever asked for the end hears the answer.
    for (int i = 0; i < kLastTurns; ++i) look_around();
    watch_keys_.reset();
    screen_.reset();  // the terminal is as it was before anything is said
    if (!ended) return report(ended.error());
    return tell_what_is_missing(recordings_);
  }

 private:
  std::unique_ptr<Stage> make_stage(const RecordedClients::DialectOf& dialects, const std::vector<Duration>& intervals,
                                    Duration shift) {
    watch_.begin_anew();
    printer_ = {};
    auto stage = std::make_unique<ClientStage>(dialects, ClientOptions{.candles = {.intervals = intervals}}, shift,
                                               [this](const ClientStage::Heard& heard) { hear(heard); });
    stage_ = stage.get();
    return stage;
  }

  void hear(const ClientStage::Heard& heard) {
    if (screen_) return watch_.hear(heard);
    if (!options_.events) return printer_.hear(heard, *stage_, output_);
    if (heard.past) return;
    append_event_text(output_, heard.at, static_cast<std::uint32_t>(heard.connection), heard.event);
    output_.push_back('\n');
  }

  void announce(std::string text) {
    if (!screen_) {
      flush();
      return say("ktape: " + text);
    }
    message_ = std::move(text);
  }

  Result<void> open_doors() {
    if (!options_.control.empty()) {
      auto server = LineServer::listen(loop_, {.path = options_.control},
                                       [this](std::string_view line) { return control_.answer(line); });
      if (!server) return tl::unexpected(in_option("--control", server.error()));
      server_ = std::move(*server);
      announce(fmt::format("steered on {}", options_.control));
    }
    if (options_.http_port >= 0) {
      HttpServerOptions where;
      where.host = options_.http_host;
      where.port = static_cast<std::uint16_t>(options_.http_port);
      auto http = HttpServer::listen(loop_, where,
                                     [this](const net::HttpRequest& request) { return control_.answer(request); });
      if (!http) return tl::unexpected(in_option("--http", http.error()));
      http_ = std::move(*http);
      announce(fmt::format("steered on http://{}:{}/status", options_.http_host, http_->port()));
    }
    return {};
  }

  Result<void> open_screen() {
    if (options_.lines || options_.events || !Screen::possible()) return {};
    auto screen = Screen::open();
    if (!screen) return tl::unexpected<Error>(screen.error());
    screen_ = std::move(*screen);
    loop_.on_signal(SIGWINCH, [this] {
      screen_->resize();
      draw();
    });
    watch_keys_.emplace(loop_, screen_->input(), [this] { return take_keys(); });
    return {};
  }

  bool take_keys() {
    bool any = false;
    while (const auto key = screen_->key()) {
      any = true;
      const KeyBindings::Meaning meaning = keys_.press(*key);
      quit_ = quit_ || meaning.quit;
      if (meaning.verb.empty()) continue;
      message_.clear();
      if (meaning.verb == "quit") {
        quit_ = true;
      } else if (const auto done = steer(player_, meaning.verb); !done) {
        message_ = done.error().detail;
      }
    }
    if (!any && screen_->gone()) quit_ = true;
    draw();
    return !quit_;
  }

  void draw() {
    if (!screen_) return;
    drawn_at_ = monotonic_time();
    PlayView view;
    view.title = title_;
    view.status = player_.status();
    for (const Gap& gap : recordings_.gaps()) view.gaps.push_back({gap.from, gap.to});
    watch_.show(*stage_, view);
    view.message = message_;
    view.prompt = keys_.prompt();
    screen_->draw(lay_out(view, screen_->width(), screen_->height()));
  }

  // A turn that does not wait. A limit of zero would not even look.
  void look_around() {
    loop_.post([] {});
    loop_.turn(kLongSleep);
  }

  bool flush() {
    const bool taken = put(output_) && flush_output();
    output_.clear();
    return taken;
  }

  Result<void> play() {
    draw();
    for (;;) {
      const Duration now = monotonic_time();
      const auto again = player_.drive(now, kFramesPerTurn);
      if (!again) return tl::unexpected<Error>(again.error());
      const bool ended = player_.status().state == SteeringStatus::State::Ended;
      if (ended && !screen_) printer_.finish(*stage_, output_);
      if (!screen_ && !flush()) return {};
      // A program at the other end of a pipe wants to know that it is over; a person may want to go back.
      if (quit_ || control_.quit_wanted() || (ended && !screen_)) return {};
      const bool at_rest = !*again && player_.status().state != SteeringStatus::State::Playing;
      Duration sleep = *again ? std::max(**again - monotonic_time(), Duration::zero()) : kLongSleep;
      // What has come to rest is shown at once: nothing else would bring the next look at it.
      if (screen_ && (at_rest ? !rest_is_shown_ : monotonic_time() - drawn_at_ >= kRedraw)) draw();
      rest_is_shown_ = at_rest;
      if (screen_ && !at_rest) sleep = std::min(sleep, kRedraw);
      if (sleep == Duration::zero()) {
        look_around();
      } else if (loop_.turn(std::min(sleep, kLongSleep))) {
        draw();  // somebody may have steered
        rest_is_shown_ = false;
      }
    }
  }

  const Options& options_;
  SessionSet& recordings_;
  std::string title_;
  LiveLoop loop_;
  MarketWatch watch_;
  LinePrinter printer_;
  ClientStage* stage_ = nullptr;
  std::string output_;
  std::string message_;
  std::unique_ptr<Screen> screen_;
  SteeredPlayer player_;
  Control control_;
  KeyBindings keys_;
  std::optional<InputWatch> watch_keys_;
  std::unique_ptr<LineServer> server_;
  std::unique_ptr<HttpServer> http_;
  Duration drawn_at_{};
  bool rest_is_shown_ = false;
  bool quit_ = false;
};

int run(const Options& options) {
  const auto recordings = open_recordings(options.files);
  if (!recordings) return report(recordings.error());
  auto dialects = dialects_of(**recordings);
  if (!dialects) return report(dialects.error());
  auto plan = plan_of(options, **recordings);
  if (!plan) return report(plan.error());
  Playback playback(options, **recordings, std::move(*dialects), std::move(*plan));
  return playback.run();
}

}  // namespace

void add_play(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("play", "Plays recordings in the terminal, steered by keys or by programs");
  command->footer(
      "Example: ktape play session.ktape --rate 10 --max-wait 5s\n"
      "Keys: space pauses and goes on, right and left step, up and down change the rate, g goes to a time, q ends.\n"
      "Where stdout is no terminal it prints a line for each second of the tape. A MOMENT is 2026-09-01T08:03:00Z,\n"
      "08:03:20 (UTC), or 3m20s after the beginning.");
  command->add_option("FILE", options->files, "Recordings, or folders of them, played as one")->required();
  command->add_option("-r,--rate", options->rate, "Ratio to real time: 1, 60, 1/2, or max")->capture_default_str();
  command->add_option("--start", options->start, "Begin at this moment; what is before only makes up the state");
  auto* duration = command->add_option("--duration", options->duration, "Play no more than this span");
  command->add_option("--until", options->until, "End at this moment")->excludes(duration);
  command->add_option("--max-wait", options->max_wait, "Skip what is beyond this of a silence, and say so");
  command->add_flag("-l,--loop", options->loop, "Begin again at the end; stamps go on from round to round");
  command->add_flag("-p,--paused", options->paused, "Begin paused");
  command->add_option("--candles", options->candles, "Minutes of the candles (1,5,60)")->capture_default_str();
  command->add_flag("--lines", options->lines, "Print lines even on a terminal");
  command->add_flag("--events", options->events, "Print every event as a JSON object instead");
  command->add_option("--control", options->control, "Take verbs on a Unix socket at this path, one a line");
  command->add_option("--http", options->http_port, "Take verbs over HTTP on this port; 0 takes a free one")
      ->check(CLI::Range(0, 65535));
  command->add_option("--http-host", options->http_host, "Address for --http to listen on")->capture_default_str();
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
