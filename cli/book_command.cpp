#include <algorithm>
#include <csignal>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/book_text.hpp"
#include "cli/command.hpp"
#include "cli/interruption.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/client/exchange_hosts.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"
#include "live/live_loop.hpp"
#include "live/real_time.hpp"
#include "live/websocket_transport.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string symbol;
  int depth = 10;
  std::string url;
  std::string dialect = "spot-v2";
  std::string ca;
  std::string clock = "system";
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

class LiveRun final : private EventSink, private ClientNotices {
 public:
  LiveRun(const Options& options, Dialect dialect, const Endpoint& endpoint)
      : options_(options),
        server_time_(options.clock == "server"),
        loop_(server_time_ ? TimeSource::Server : TimeSource::System),
        watch_(options.symbol),
        prints_(loop_.clock(), options.count, [this] { return print(); }),
        first_sign_(watch_, prints_),
        socket_(loop_, ConnectionId{1}, socket_options(options)),
        codec_(make_codec(dialect)),
        client_(socket_, *codec_, loop_.clock(), *this, client_options(endpoint)) {}

  static WebSocketOptions socket_options(const Options& options) {
    WebSocketOptions socket;
    socket.ca_file = options.ca;
    return socket;
  }

  int run() {
    if (auto asked = client_.subscribe(
            {.channel = Channel::Book, .symbols = {options_.symbol}, .depth = subscribed_depth(options_.depth)});
        !asked) {
      return report(asked.error());
    }
    for (const int signal : {SIGINT, SIGTERM}) {
      // Asked twice: do not wait for the exchange's goodbye.
      loop_.on_signal(signal, [this] { stopping_ ? loop_.stop() : stop(); });
    }
    loop_.after_turn([this] {
      if (prints_.done() || watch_.refusal()) stop();
      if (stopping_ && !client_.connected()) loop_.stop();
    });
    client_.start();
    loop_.run();
    if (watch_.refusal()) {
      say(fmt::format("ktape: refused: book {}: {}", options_.symbol, *watch_.refusal()));
      return kFailed;
    }
    if (hopeless_) {
      say(fmt::format("ktape: {}", *hopeless_));
      return kFailed;
    }
    if (!watch_.was_live()) {
      say(fmt::format("ktape: no book of {} has come", options_.symbol));
      return kFailed;
    }
    return kClean;
  }

 private:
  ClientOptions client_options(const Endpoint& endpoint) {
    ClientOptions client;
    client.endpoint = endpoint;
    client.notices = this;
    client.reconnects = !server_time_;  // a server that keeps the time takes it along when it goes
    return client;
  }

  void on_event(const Event& event) override {
    first_sign_.on_event(event);
    const auto* const link = std::get_if<LinkChange>(&event);
    if (link == nullptr) return;
    if (link->state == LinkState::Up) {
      connected_ever_ = true;
      say(fmt::format("connected to {}", link->detail));
    } else if (link->state == LinkState::Down) {
      down(link->detail);
    }
  }

  void down(std::string_view why) {
    const auto failure = socket_.failure();
    if (!connected_ever_ && failure && failure->code == Errc::Tls) {
      hopeless_ = failure->detail;  // no further try mends a certificate
      return stop();
    }
    if (!stopping_) say(fmt::format("disconnected: {}", why));
    if (server_time_) stop();
  }
  void retrying(int attempt, Duration delay) override {
    if (delay > Duration::zero() && !stopping_) {
      say(fmt::format("trying again in {} (attempt {})", format_duration(delay), attempt));
    }
  }

  void stop() {
    if (std::exchange(stopping_, true)) return;
    client_.stop();
  }

  bool print() {
    print_book(options_, loop_.clock().now(), watch_, client_.book(options_.symbol));
    return true;
  }

  const Options& options_;
  bool server_time_;
  LiveLoop loop_;
  BookWatch watch_;
  Prints prints_;
  FirstSign first_sign_;
  WebSocketTransport socket_;
  std::unique_ptr<Codec> codec_;
  Client client_;
  bool connected_ever_ = false;
  bool stopping_ = false;
  std::optional<std::string> hopeless_;
};

int run_live(const Options& options) {
  const auto dialect = parse_dialect(options.dialect);
  if (!dialect) return report({Errc::InvalidArgument, fmt::format("--dialect: '{}' is unknown", options.dialect)});
  Endpoint endpoint = ExchangeHosts::of_kraken(*dialect).public_host;
  if (!options.url.empty()) {
    auto parsed = Endpoint::parse(options.url);
    if (!parsed) return report(in_option("--url", parsed.error()));
    endpoint = std::move(*parsed);
  }
  if (auto possible = WebSocketTransport::check(endpoint, LiveRun::socket_options(options)); !possible) {
    return report({possible.error().code, fmt::format("{}: {}", endpoint.url(), possible.error().detail)});
  }
  return LiveRun(options, *dialect, endpoint).run();
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
  auto* url = command->add_option("--url", options->url, "Where the exchange is; Kraken's own, if it is left out");
  auto* dialect = command->add_option("--dialect", options->dialect, "What is spoken there")
                      ->check(CLI::IsMember({"spot-v2", "spot-v1", "futures-v1"}))
                      ->capture_default_str();
  auto* ca = command->add_option("--ca", options->ca, "Trust the authorities in this PEM file instead of the system's");
  auto* clock =
      command->add_option("--clock", options->clock, "system, or server: the time that a mock server announces")
          ->check(CLI::IsMember({"system", "server"}))
          ->capture_default_str();
  auto* file = command->add_option("-f,--file", options->file, "From this recording, by its clock");
  for (CLI::Option* const live : {url, dialect, ca, clock}) live->excludes(file);
  command->add_option("-r,--rate", options->rate, "Of a recording: max, or a ratio to real time (1, 60, 1/2)")
      ->capture_default_str()
      ->needs(file);
  command->add_option("-n,--count", options->count, "End after so many prints")->check(CLI::PositiveNumber);
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
