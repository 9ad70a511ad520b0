#include "cli/record/recorder_run.hpp"

#include <algorithm>
#include <csignal>
#include <set>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "recorder/session_identity.hpp"

namespace ktape::cli {
namespace {

// Between the first attempts of two connections.
constexpr Duration kStartInterval = std::chrono::milliseconds(100);

bool wanted(const FeedConfig& feed, const PairInfo& pair) {
  if (pair.status == "delisted" || pair.status == "work_in_progress") return false;
  return feed.quotes.empty() || std::find(feed.quotes.begin(), feed.quotes.end(), pair.quote) != feed.quotes.end();
}

Error stopped(const Error& error) {
  return {error.code, fmt::format("recording stopped: {}; what was written before stays readable", error.detail)};
}

}  // namespace

Result<std::unique_ptr<RecorderRun>> RecorderRun::create(const RecordConfig& config) {
  const auto identity = SessionIdentity::draw();
  if (!identity) return tl::unexpected<Error>(identity.error());
  std::unique_ptr<RecorderRun> run(new RecorderRun(config, identity->redaction_key));
  if (auto ready = run->prepare(); !ready) {
    return fail(ready.error().code, std::string(run->redactor_.redact(ready.error().detail)));
  }
  return run;
}

RecorderRun::RecorderRun(const RecordConfig& config, const RedactionKey& key)
    : config_(config),
      key_(key),
      loop_(config.server_time ? TimeSource::Server : TimeSource::System),
      began_at_(loop_.clock().now()),
      metrics_(loop_.clock()),
      log_(loop_.clock(), [this](std::string_view line) { event_file_->write(redactor_.redact(line)); }) {}

RecorderRun::~RecorderRun() = default;

Result<void> RecorderRun::prepare() {
  socket_.ca_file = config_.ca;
  // What no second try could mend is no outage.
  for (const FeedConfig& feed : config_.feeds) {
    if (auto possible = WebSocketTransport::check(feed.endpoint, socket_); !possible) {
      return fail(possible.error().code, fmt::format("{}: {}", feed.endpoint.url(), possible.error().detail));
    }
  }
  if (auto account = find_account(); !account) return account;
  if (config_.metrics) {
    auto listening = HttpServer::listen(loop_, {.host = config_.metrics->host, .port = config_.metrics->port},
                                        [this](const HttpRequest& request) { return serve(request); });
    if (!listening) return fail(listening.error().code, "--metrics: " + listening.error().detail);
    server_ = std::move(*listening);
    tell(fmt::format("metrics at http://{}:{}/metrics", config_.metrics->host, server_->port()));
  }
  auto output =
      make_session_output(config_, loop_.clock(), key_, redactor_, [this](std::string_view line) { tell(line); });
  if (!output) return tl::unexpected<Error>(output.error());
  output_ = std::move(*output);
  if (!config_.events.empty()) {
    auto created = EventFile::create(config_.events);
    if (!created) {
      output_->discard();
      return tl::unexpected<Error>(created.error());
    }
    event_file_ = std::move(*created);
  }
  around_.emplace(ExchangeLink::Surroundings{
      .loop = loop_,
      .output = *output_,
      .metrics = metrics_,
      .redactor = redactor_,
      .say = [this](std::string_view line) { tell(line); },
      .closed = [this](ExchangeLink& link) { link_closed(link); },
      .instruments = [this](ExchangeLink& link, const InstrumentUpdate& update) { instruments(link, update); }});
  next_start_ = began_at_;
  next_progress_ = began_at_;
  if (config_.relay) {
    if (auto listening = open_relay(); !listening) error_ = listening.error();
  } else {
    add_feeds();
  }
  if (error_) {
    output_->discard();
    return tl::unexpected<Error>(*error_);
  }
  return {};
}

// Before anything is made: without a key there is nothing to begin.
Result<void> RecorderRun::find_account() {
  if (!config_.account) return {};
  const AccountConfig& account = *config_.account;
  const auto venue = config_.dialect == Dialect::FuturesV1 ? rest::Venue::Futures : rest::Venue::Spot;
  std::optional<rest::Credentials> key;
  if (account.file.empty()) {
    auto found = rest::Credentials::from_environment(venue);
    if (!found) return tl::unexpected<Error>(found.error());
    key = std::move(*found);
  } else {
    auto read = rest::Credentials::from_file(account.file, venue);
    if (!read) return tl::unexpected<Error>(read.error());
    key = std::move(*read);
  }
  if (!key) {
    const std::string_view prefix = venue == rest::Venue::Futures ? "KRAKEN_FUTURES" : "KRAKEN";
    return fail(
        Errc::InvalidArgument,
        fmt::format("--channels: one of them needs an API key: set {}_API_KEY and {}_API_SECRET, or name a file "
                    "with --credentials",
                    prefix, prefix));
  }
  if (venue == rest::Venue::Futures) {
    futures_key_ = std::move(key);
    authoriser_ = &futures_account_.emplace(*futures_key_);
    return {};
  }
  HttpClientOptions options;
  options.ca_file = config_.ca;
  if (auto possible = HttpClient::check(*account.rest, options); !possible) return possible;
  api_ = std::make_unique<HttpClient>(loop_, *account.rest, std::move(options));
  spot_account_ = std::make_unique<rest::SpotAccount>(*api_, loop_.clock(), std::move(*key));
  authoriser_ = &spot_account_->tokens();
  return {};
}

Result<void> RecorderRun::open_relay() {
  auto desk = RelayDesk::open(config_, {.loop = loop_,
                                        .socket = socket_,
                                        .say = [this](std::string_view line) { tell(line); },
                                        .overhear =
                                            [this](ConnectionId connection, std::unique_ptr<Transport> transport) {
                                              overhear(connection, std::move(transport));
                                            },
                                        .calls = calls_,
                                        .redactor = redactor_});
  if (!desk) return tl::unexpected<Error>(desk.error());
  relay_ = std::move(*desk);
  return {};
}

// ---- connections

void RecorderRun::add_feeds() {
  std::set<std::string> told;  // endpoints that the instruments are heard from
  for (std::size_t i = 0; i < config_.feeds.size(); ++i) {
    const FeedConfig& feed = config_.feeds[i];
    const bool named =
        std::find(feed.channels.begin(), feed.channels.end(), Channel::Instrument) != feed.channels.end();
    const bool besides = config_.with_instrument && feed.dialect == Dialect::SpotV2 && !feed.authorised &&
                         told.insert(feed.endpoint.url()).second;
    FeedState& state = feeds_.emplace_back();
    state.plan = std::make_unique<FeedPlan>(feed, besides || feed.all_symbols);
    const PlannedRequests first = state.plan->first();
    ExchangeLink& link = add_link(i);
    for (const Subscription& one : first.subscriptions) {
      named || feed.all_symbols ? link.subscribe(one) : link.subscribe_if_possible(one);
    }
    start_later(link);
    if (!feed.all_symbols) carry_out(i, state.plan->add(feed.symbols));
    if (error_) return;
  }
}

ExchangeLink& RecorderRun::add_link(std::size_t feed) {
  const ConnectionId id{static_cast<std::uint32_t>(links_.size() + 1)};
  ClientOptions options;
  options.heartbeats = false;  // the plan has them, or was told to leave them out
  options.endpoint = config_.feeds[feed].endpoint;
  options.candles.intervals = config_.candles;
  options.reconnects = !config_.server_time;
  if (config_.feeds[feed].authorised) options.authoriser = authoriser_;
  options.reconnect.budget = &attempts_;
  options.seed = links_.size() + 1;
  EventSink* const log = config_.events.empty() ? nullptr : &log_.of(id);
  links_.push_back(std::make_unique<ExchangeLink>(*around_, id, feed, config_.dialect, std::move(options), log,
                                                  ExchangeLink::websocket(loop_, id, socket_)));
  feeds_[feed].links.push_back(links_.back().get());
  return *links_.back();
}

// Somebody else's connection. The client that checks it is as that of a replay.
void RecorderRun::overhear(ConnectionId connection, std::unique_ptr<Transport> transport) {
  ClientOptions options;
  options.candles.intervals = config_.candles;
  EventSink* const log = config_.events.empty() ? nullptr : &log_.of(connection);
  ExchangeLink::Line line{.transport = std::move(transport), .overheard = true};
  links_.push_back(std::make_unique<ExchangeLink>(*around_, connection, 0, config_.dialect, std::move(options), log,
                                                  std::move(line)));
  links_.back()->start();
}

void RecorderRun::carry_out(std::size_t feed, const std::vector<PlannedRequests>& requests) {
  FeedState& state = feeds_[feed];
  for (const PlannedRequests& some : requests) {
    while (state.links.size() <= some.connection) {
      if (links_.size() == kMaxConnections) {
        return give_up(
            {Errc::Limit,
             fmt::format("more than {} connections would be needed: name fewer symbols or intervals, or more "
                         "symbols per connection",
                         kMaxConnections)});
      }
      start_later(add_link(feed));
    }
    ExchangeLink& link = *state.links[some.connection];
    for (const Subscription& one : some.subscriptions) link.subscribe(one);
  }
}

// One after the other, within the attempts that Kraken allows. A server that keeps the time has no such limits, and may
// not let time pass before all are there.
void RecorderRun::start_later(ExchangeLink& link) {
  const Timestamp now = loop_.clock().now();
  if (config_.server_time) return link.start();
  next_start_ = attempts_.reserve(now, std::max(next_start_, now));
  if (next_start_ == now) {
    link.start();
  } else {
    waiting_.insert(&link);
    start_timers_.push_back(loop_.clock().at(next_start_, [this, &link](Timestamp) {
      waiting_.erase(&link);
      if (!stopping_) link.start();
    }));
  }
  next_start_ += kStartInterval;
}

void RecorderRun::instruments(ExchangeLink& link, const InstrumentUpdate& update) {
  const FeedConfig& feed = config_.feeds[link.feed()];
  if (!feed.all_symbols || stopping_) return;
  std::vector<std::string> symbols;
  for (const PairInfo& pair : update.pairs) {
    if (wanted(feed, pair)) symbols.emplace_back(pair.symbol);
  }
  std::sort(symbols.begin(), symbols.end());
  const auto requests = feeds_[link.feed()].plan->add(symbols);
  if (update.snapshot && requests.empty() && feeds_[link.feed()].links.size() == 1) {
    tell(fmt::format("ktape: the instrument channel lists no pair that is wanted, of {}", update.pairs.size()));
  }
  carry_out(link.feed(), requests);
}

bool RecorderRun::connected_ever() const {
  return std::any_of(links_.begin(), links_.end(), [](const auto& link) { return link->figures().connects > 0; });
}

bool RecorderRun::all_closed() const {
  return std::none_of(links_.begin(), links_.end(), [](const auto& link) { return link->connected(); });
}

void RecorderRun::link_closed(ExchangeLink& link) {
  if (const auto why = link.hopeless(); why && !connected_ever()) return give_up(*why);
  // A server that keeps the time takes it along when it goes: its end is the end of the recording.
  if (!relay_ && (stopping_ || config_.server_time) && all_closed()) loop_.stop();
}

// ---- the end

void RecorderRun::stop() {
  if (std::exchange(stopping_, true)) return loop_.stop();  // asked twice: do not wait for the exchange's goodbye
  if (relay_) return relay_->stop();
  const bool wait = !all_closed();
  for (const auto& link : links_) {
    if (!waiting_.contains(link.get())) link->stop();
  }
  if (!wait) loop_.stop();
}

void RecorderRun::give_up(Error error) {
  if (!error_) error_ = std::move(error);
  stopping_ = true;
  loop_.stop();
}

RunResult RecorderRun::run() {
  loop_.on_signal(SIGINT, [this] { stop(); });
  loop_.on_signal(SIGTERM, [this] { stop(); });
  loop_.on_signal(SIGHUP, [this] { rotate(); });
  loop_.on_signal(SIGUSR1, [this] {
    if (!output_->trigger({std::nullopt, "SIGUSR1"})) tell("ktape: SIGUSR1 writes a file in snapshot mode only");
  });
  if (!config_.server_time) begin_at(began_at_);
  loop_.after_turn([this] { after_turn(); });
  ask_rest();
  loop_.run();
  loop_.after_turn({});

  if (rest_ && rest_->pending() > 0) {
    const std::size_t missing = rest_->pending();
    tell(fmt::format("ktape: still waiting for {} answer{} of REST at the end", missing, missing == 1 ? "" : "s"));
    annotate("rest_failed", fmt::format("the recording ended before {} of the answers", missing));
  }
  rest_.reset();
  http_.reset();
  RunResult result;
  result.links = figures();
  result.connected_ever = connected_ever() || (relay_ && calls_.any());
  result.length = loop_.clock().now() - began_at_;
  result.error = error_;
  const bool stored = output_->status().has_value();
  if (!stored && !result.error) result.error = stopped(output_->status().error());
  if (stored && !result.connected_ever) {
    // Attempts that failed were told; a file with nothing else would only stand in the way of the next try.
    const auto paths = output_->paths();
    output_->discard();
    if (!result.error && !paths.empty()) {
      tell(fmt::format("ktape: no connection ever stood: {} has been removed", fmt::join(paths, ", ")));
    }
  } else if (stored) {
    if (auto finished = output_->finish(); !finished && !result.error) result.error = stopped(finished.error());
  }
  if (result.error) result.error->detail = std::string(redactor_.redact(result.error->detail));
  if (event_file_) {
    if (auto closed = event_file_->close(); !closed && !result.error) result.error = closed.error();
  }
  result.output = output_->figures();
  result.paths = output_->paths();
  return result;
}

// What lasts for a time begins here.
void RecorderRun::begin_at(Timestamp now) {
  began_at_ = now;
  if (config_.length) end_ = loop_.clock().at(now + *config_.length, [this](Timestamp) { stop(); });
}

void RecorderRun::after_turn() {
  // A server that keeps the time tells it when it is there.
  if (began_at_ == Timestamp{} && loop_.clock().now() != began_at_) begin_at(loop_.clock().now());
  if (relay_ && stopping_ && relay_->idle()) loop_.stop();
  if (auto kept = output_->status(); !kept) {
    if (error_) return;
    return give_up({kept.error().code,
                    fmt::format("recording stopped: {}; what was written before stays readable", kept.error().detail)});
  }
  if (event_file_) event_file_->pass_on();
  if (loop_.clock().now() < next_progress_) return;
  next_progress_ = loop_.clock().now() + std::chrono::seconds(1);
  progress_.show(progress_line());
}

std::string RecorderRun::progress_line() {
  const OutputFigures output = output_->figures();
  const auto up = std::count_if(links_.begin(), links_.end(), [](const auto& link) { return link->connected(); });
  std::string line =
      fmt::format("recording: {} frames, {}/{} connections", grouped(metrics_.frames()), up, links_.size());
  if (config_.ring) {
    line += fmt::format(", {} in memory, {} files", bytes_text(output.ring_bytes), output.incidents);
  } else {
    line += fmt::format(", {} stored, {} waiting", bytes_text(output.recording.stored_bytes),
                        bytes_text(output.recording.queued_bytes));
  }
  if (output.recording.dropped_frames > 0)
    line += fmt::format(", {} DROPPED", grouped(output.recording.dropped_frames));
  return line + fmt::format(", {}  (Ctrl-C ends it)", format_rfc3339(loop_.clock().now(), 0));
}

void RecorderRun::rotate() {
  if (auto done = output_->rotate(); !done) return tell("ktape: SIGHUP: " + done.error().detail);
  tell("another segment begins");
}

std::vector<LinkFigures> RecorderRun::figures() {
  std::vector<LinkFigures> out;
  for (const auto& link : links_) {
    out.push_back(link->figures());
    out.back().url = std::string(redactor_.redact(out.back().url));
  }
  return out;
}

void RecorderRun::tell(std::string_view line) { say(redactor_.redact(line)); }

void RecorderRun::annotate(std::string_view name, std::string text) {
  output_->annotate(
      {.at = loop_.clock().now(), .connection = std::nullopt, .name = std::string(name), .text = std::move(text)});
}

}  // namespace ktape::cli
