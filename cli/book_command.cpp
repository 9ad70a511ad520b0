#include <algorithm>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/book_text.hpp"
#include "cli/command.hpp"
#include "cli/interruption.hpp"
#include "cli/live_client.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"
#include "live/real_time.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string symbol;
  int depth = 10;
  LiveArguments live;
  std::string file;
  std::string rate = "max";
  std::uint64_t count = 0;
};

// Prints once a second of its clock, from the first sign of the exchange on.
class Prints {
 public:
  // Prints whatever there is to print; false: nothing yet, and it does not count.
  using Print = std::function<bool()>;

  Prints(TimerService& timers, std::uint64_t limit, Print print)
      : timers_(timers), limit_(limit), print_(std::move(print)) {}

  void begin() {
    if (!std::exchange(begun_, true)) set_timer();
  }
  bool done() const { return done_; }
  std::uint64_t made() const { return made_; }

 private:
  void set_timer() {
    constexpr Duration kSecond = std::chrono::seconds(1);
    timer_ = timers_.at(floor_to(timers_.now(), kSecond) + kSecond, [this](Timestamp) {
      if (print_()) ++made_;
      // What follows may be an outage of days, told in one step of the clock.
      done_ = !flush_output() || (limit_ != 0 && made_ == limit_) || interruption_.requested();
      if (!done_) set_timer();
    });
  }

  TimerService& timers_;
  std::uint64_t limit_;
  Print print_;
  Interruption interruption_;
  Timer timer_;
  bool begun_ = false;
  bool done_ = false;
  std::uint64_t made_ = 0;
};

// Tells the watch, and that something was told.
class FirstSign final : public EventSink {
 public:
  FirstSign(BookWatch& watch, Prints& prints) : watch_(watch), prints_(prints) {}
  void on_event(const Event& event) override {
    watch_.on_event(event);
    // A connection that never stood has no time yet, where a server keeps it.
    const auto* const link = std::get_if<LinkChange>(&event);
    if (link == nullptr || link->state == LinkState::Up) prints_.begin();
  }

 private:
  BookWatch& watch_;
  Prints& prints_;
};

void print_book(const Options& options, Timestamp at, const BookWatch& watch, const OrderBook* book) {
  put(book_text({.at = at,
                 .symbol = options.symbol,
                 .state = watch.state_text(book),
                 .book = BookWatch::shows(book) ? book : nullptr,
                 .rows = static_cast<std::size_t>(options.depth)}));
}

// ---- live

// Kraken has few depths; the least that has so many levels.
int subscribed_depth(int rows) {
  const auto* const enough = std::lower_bound(spot_v2::kBookDepths.begin(), spot_v2::kBookDepths.end(), rows);
  return enough == spot_v2::kBookDepths.end() ? spot_v2::kBookDepths.back() : *enough;
}

int run_live(const Options& options) {
  const auto place = LivePlace::of(options.live);
  if (!place) return report(place.error());
  BookWatch watch(options.symbol);
  // Both need the client's clock, and the client needs them.
  struct Later final : EventSink {
    EventSink* sink = nullptr;
    void on_event(const Event& event) override { sink->on_event(event); }
  } later;
  LiveClient live(*place, later);
  Prints prints(live.loop().clock(), options.count, [&] {
    print_book(options, live.loop().clock().now(), watch, live.client().book(options.symbol));
    return true;
  });
  FirstSign first_sign(watch, prints);
  later.sink = &first_sign;

  if (auto asked = live.client().subscribe(
          {.channel = Channel::Book, .symbols = {options.symbol}, .depth = subscribed_depth(options.depth)});
      !asked) {
    return report(asked.error());
  }
  const auto ended = live.run([&] { return prints.done() || watch.refusal().has_value(); });
  if (watch.refusal()) {
    say(fmt::format("ktape: refused: book {}: {}", options.symbol, *watch.refusal()));
    return kFailed;
  }
  if (!ended) return report(ended.error());
  if (!watch.was_live()) {
    say(fmt::format("ktape: no book of {} has come", options.symbol));
    return kFailed;
  }
  return kClean;
}

// ---- from a recording

class FileRun {
 public:
  FileRun(const Options& options, SessionReader& reader, Dialect dialect)
      : options_(options),
        prints_(clock_, options.count, [this] { return print(); }),
        clients_(dialect, clock_, [this](ConnectionId id) -> EventSink& { return watch(id); }, {}),
        player_(reader, clock_, clients_) {}

  Result<void> run(std::optional<Rate> rate) {
    std::optional<RealTimePace> pace;
    const Interruption interruption;
    while (!prints_.done() && !interruption.requested()) {
      const auto next = player_.next_at();
      if (!next) return tl::unexpected<Error>(next.error());
      if (!*next) break;
      if (rate) {
        if (!pace) pace.emplace(*rate, **next);
        // What is printed between two frames is printed when it is due, not with the later one.
        const auto deadline = clock_.next_deadline();
        if (deadline && *deadline > clock_.now() && *deadline < **next) {
          pace->wait_until(*deadline);
          clock_.advance_to(*deadline);
          continue;
        }
        pace->wait_until(**next);
      }
      if (auto stepped = player_.step(); !stepped) return tl::unexpected<Error>(stepped.error());
    }
    return {};
  }

  std::uint64_t prints() const { return prints_.made(); }
  bool was_live() const {
    return std::any_of(watches_.begin(), watches_.end(),
                       [](const auto& each) { return each.second->watch.was_live(); });
  }

 private:
  struct Watched {
    Watched(const std::string& symbol, Prints& prints) : watch(symbol), sink(watch, prints) {}
    BookWatch watch;
    FirstSign sink;
  };

  EventSink& watch(ConnectionId id) {
    auto& made = watches_[id];
    made = std::make_unique<Watched>(options_.symbol, prints_);
    return made->sink;
  }

  // Of the connections that tell this book the first with a live one, else the first.
  bool print() {
    const BookWatch* watch = nullptr;
    const OrderBook* book = nullptr;
    for (const auto& [id, entry] : clients_.all()) {
      const OrderBook* const one = entry->client->book(options_.symbol);
      if (one == nullptr || (watch != nullptr && !BookWatch::shows(one))) continue;
      if (BookWatch::shows(book)) break;
      watch = &watches_.at(id)->watch;
      book = one;
    }
    if (watch == nullptr) return false;
    print_book(options_, clock_.now(), *watch, book);
    return true;
  }

  const Options& options_;
  VirtualClock clock_{Timestamp::min()};
  Prints prints_;
  std::map<ConnectionId, std::unique_ptr<Watched>> watches_;
  RecordedClients clients_;
  Player player_;
};

int run_file(const Options& options) {
  const auto rate = parse_rate(options.rate);
  if (!rate) return report(in_option("--rate", rate.error()));
  auto reader = open_recording(options.file);
  if (!reader) return report(reader.error());
  const auto dialect = dialect_of((*reader)->info());
  if (!dialect) return report(dialect.error());
  if (auto decodes = require_codec(*dialect); !decodes) return report(decodes.error());
  FileRun run(options, **reader, *dialect);
  if (auto played = run.run(*rate); !played) return report(played.error());
  if (!run.was_live()) {
    say(fmt::format("ktape: {} has no book of {}", options.file, options.symbol));
    return kFailed;
  }
  if (run.prints() == 0) {
    say(fmt::format("ktape: {}: no second passes while it has the book of {}", options.file, options.symbol));
    return kIncomplete;
  }
  return tell_what_is_missing(**reader, options.file);
}

int run(const Options& options) { return options.file.empty() ? run_live(options) : run_file(options); }

}  // namespace

void add_book(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("book", "Prints the best levels of an order book once a second");
  command->footer(
      "Example: ktape book BTC/USD 10\n"
      "         ktape book BTC/USD 5 --file session.ktape --count 60\n"
      "Each print says how far it can be trusted: live, with the checksum that was verified; STALE, when nothing is\n"
      "heard; NO BOOK, and why. Ctrl-C ends it. Exit code 1: the exchange has refused, or no book came.");
  command->add_option("SYMBOL", options->symbol, "The pair, in Kraken's v2 name; a product of Futures")->required();
  command->add_option("DEPTH", options->depth, "Levels to print of each side")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  const std::vector<CLI::Option*> live = add_live_options(*command, options->live);
  auto* file = command->add_option("-f,--file", options->file, "From this recording, by its clock");
  for (CLI::Option* const each : live) each->excludes(file);
  command->add_option("-r,--rate", options->rate, "Of a recording: max, or a ratio to real time (1, 60, 1/2)")
      ->capture_default_str()
      ->needs(file);
  command->add_option("-n,--count", options->count, "End after so many prints")->check(CLI::PositiveNumber);
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
