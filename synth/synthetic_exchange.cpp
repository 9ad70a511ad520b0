#include "synth/synthetic_exchange.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/protocol/spot_v2/server_encode.hpp"
#include "synth/instruments.hpp"
#include "synth/market_news.hpp"
#include "synth/sheet.hpp"

namespace ktape::synth {
namespace {

using namespace std::chrono_literals;

constexpr Duration kQuickestAnswer = 15us;
constexpr Duration kSlowestAnswer = 80us;
constexpr Duration kBetweenAnswers = 2us;  // of one connection
// From the answer until the snapshot is taken; the way to the client adds its delay.
constexpr Duration kQuickestSnapshot = 26ms;
constexpr Duration kSlowestSnapshot = 68ms;
constexpr Duration kTypicalDelay = 27ms;
constexpr Duration kClosestFrames = 3us;  // of one connection
constexpr Duration kLoosestFrames = 30us;
constexpr Duration kHeartbeatInterval = 1s;
constexpr Duration kHeartbeatJitter = 5ms;  // either way of the grid, so that intervals stay within 10 ms

SpotV2FrontOptions front_options(const SyntheticOptions& options) {
  SpotV2FrontOptions front;
  front.generate_heartbeats = false;  // ours take the same way as all data
  front.connection_id_seed = mix(options.seed);
  return front;
}

}  // namespace

class SyntheticExchange::Board {
 public:
  Board(const SymbolSpec& spec, const SyntheticOptions& options)
      : market(spec, options.seed, options.start), news(market) {}

  SymbolMarket market;
  MarketNews news;
  Timer timer;
};

Result<std::unique_ptr<SyntheticExchange>> SyntheticExchange::create(SyntheticOptions options, TimerService& timers) {
  if (auto good = validate(options); !good) return tl::unexpected<Error>(good.error());
  if (options.start < timers.now()) {
    return fail(Errc::InvalidArgument, fmt::format("a synthetic exchange cannot start at {}: it is {} already",
                                                   format_rfc3339(options.start), format_rfc3339(timers.now())));
  }
  return std::unique_ptr<SyntheticExchange>(new SyntheticExchange(std::move(options), timers));
}

SyntheticExchange::SyntheticExchange(SyntheticOptions options, TimerService& timers)
    : options_(std::move(options)),
      timers_(timers),
      front_(timers, *this, front_options(options_)),
      link_(options_.seed, options_.start),
      instruments_(instrument_snapshot(options_.symbols)) {
  for (std::size_t i = 0; i < options_.symbols.size(); ++i) {
    boards_.push_back(std::make_unique<Board>(options_.symbols[i], options_));
    boards_[i]->timer = timers_.at(boards_[i]->market.next_at(), [this, i](Timestamp) { run_market(i); });
  }
  end_ = timers_.at(end(), [this](Timestamp) { finish(); });
}

SyntheticExchange::~SyntheticExchange() = default;

void SyntheticExchange::attach(ConnectionId connection, const Endpoint& /*endpoint*/, FrameSink& client) {
  front_.attach(connection, client);
}

bool SyntheticExchange::is_listed(std::string_view symbol) const { return board(symbol) != nullptr; }

void SyntheticExchange::on_attached(ConnectionId connection) {
  if (ended_) return finish();
  lines_.try_emplace(connection);
  front_.greet(connection);
}

std::string SyntheticExchange::greeting(ConnectionId connection) { return front_.status_text(connection); }

void SyntheticExchange::on_detached(ConnectionId connection) { lines_.erase(connection); }

SyntheticExchange::Board* SyntheticExchange::board(std::string_view symbol) const {
  const auto found =
      std::ranges::find_if(boards_, [symbol](const auto& each) { return each->market.spec().symbol == symbol; });
  return found == boards_.end() ? nullptr : found->get();
}

void SyntheticExchange::run_market(std::size_t index) {
  Board& from = *boards_[index];
  const MarketEvent& event = from.market.advance();
  from.timer = timers_.at(from.market.next_at(), [this, index](Timestamp) { run_market(index); });

  const Timestamp arrival = link_.arrival(event.at, event.delay);
  EventSheet sheet(from.news, event);
  for (auto& [connection, line] : lines_) {
    for (auto& [feed, stream] : line.streams) {
      if (stream.board != &from || !stream.live) continue;
      const std::string& text = sheet.text(feed, stream.variant);
      if (!text.empty()) post(connection, line, arrival, stream.id, text);
    }
  }
}

void SyntheticExchange::on_request(const FeedRequest& request) {
  const auto at = lines_.find(request.connection);
  if (at == lines_.end()) return;  // closed because its time is over
  Line& line = at->second;
  const Duration taken = jitter(kQuickestAnswer, kSlowestAnswer, static_cast<std::uint64_t>(request.feed.channel));
  line.last_answer = std::max(line.last_answer + kBetweenAnswers, timers_.now() + taken);
  line.requests.push_back(request);
  line.answers.push_back(
      timers_.at(line.last_answer, [this, connection = request.connection](Timestamp) { answer(connection); }));
}

void SyntheticExchange::answer(ConnectionId connection) {
  const auto at = lines_.find(connection);
  if (at == lines_.end() || at->second.requests.empty()) return;
  Line& line = at->second;
  const FeedRequest request = std::move(line.requests.front());
  line.requests.pop_front();
  line.answers.erase(line.answers.begin());
  if (request.method == Method::Subscribe) {
    open_stream(connection, line, request);
  } else if (const auto stream = line.streams.find(request.feed); stream != line.streams.end()) {
    // After the answer nothing of it may arrive any more.
    std::erase_if(line.letters, [id = stream->second.id](const Letter& letter) { return letter.stream == id; });
    line.streams.erase(stream);
  }
  front_.accept(request);
}

void SyntheticExchange::open_stream(ConnectionId connection, Line& line, const FeedRequest& request) {
  const Feed& feed = request.feed;
  Stream& stream = line.streams[feed];
  stream.id = ++last_stream_;
  stream.board = board(feed.symbol);
  if (feed.channel == Channel::Book) stream.variant = depth_index(feed.depth);
  if (feed.channel == Channel::Ohlc) stream.variant = interval_index(feed.interval_minutes);
  stream.live = !request.snapshot;
  if (request.snapshot) {
    const auto salt = line.streams.size() + 100 * static_cast<std::uint64_t>(feed.channel);
    const Timestamp at = timers_.now() + jitter(kQuickestSnapshot, kSlowestSnapshot, salt);
    stream.snapshot = timers_.at(at, [this, connection, feed](Timestamp) { send_snapshot(connection, feed); });
  }
  if (line.next_beat == Timestamp{}) {
    line.next_beat = timers_.now() + kHeartbeatInterval;
    line.heartbeat = timers_.at(line.next_beat, [this, connection](Timestamp) { beat(connection); });
  }
}

void SyntheticExchange::send_snapshot(ConnectionId connection, const Feed& feed) {
  const auto at = lines_.find(connection);
  if (at == lines_.end()) return;
  const auto stream = at->second.streams.find(feed);
  if (stream == at->second.streams.end()) return;
  stream->second.live = true;
  std::string text = snapshot_text(feed, stream->second);
  if (text.empty()) return;
  post(connection, at->second, link_.arrival(timers_.now(), kTypicalDelay), stream->second.id, std::move(text));
}

std::string SyntheticExchange::snapshot_text(const Feed& feed, Stream& stream) {
  if (feed.channel == Channel::Instrument) return instruments_;
  return synth::snapshot_text(stream.board->news, feed, stream.variant, timers_.now());
}

void SyntheticExchange::beat(ConnectionId connection) {
  Line& line = lines_.at(connection);
  line.next_beat += kHeartbeatInterval;
  const Timestamp next = line.next_beat + jitter(-kHeartbeatJitter, kHeartbeatJitter, 1);
  line.heartbeat = timers_.at(next, [this, connection](Timestamp) { beat(connection); });
  // It does not wait behind slower news: intervals stay near a second.
  const Timestamp arrival = link_.arrival(timers_.now(), kTypicalDelay);
  const auto later = std::ranges::upper_bound(line.letters, arrival, {}, &Letter::at);
  const auto place = line.letters.insert(later, {arrival, kNoStream, std::string(spot_v2::kHeartbeat)});
  line.last_delivery = std::max(line.last_delivery, arrival);
  if (place == line.letters.begin()) set_delivery(connection, line);
}

void SyntheticExchange::post(ConnectionId connection, Line& line, Timestamp arrival, StreamId stream,
                             std::string text) {
  if (arrival < line.last_delivery + kClosestFrames) {
    const auto spread = static_cast<std::uint64_t>((kLoosestFrames - kClosestFrames).count());
    const std::uint64_t drawn =
        mix(options_.seed ^ static_cast<std::uint64_t>(nanoseconds(line.last_delivery))) % spread;
    arrival = line.last_delivery + kClosestFrames + Duration{static_cast<std::int64_t>(drawn)};
  }
  line.last_delivery = arrival;
  line.letters.push_back({arrival, stream, std::move(text)});
  if (line.letters.size() == 1) set_delivery(connection, line);
}

void SyntheticExchange::deliver(ConnectionId connection) {
  // A client may answer at once, or be gone: nothing found before a send is trusted after it.
  while (true) {
    const auto at = lines_.find(connection);
    if (at == lines_.end() || at->second.letters.empty()) return;
    Line& line = at->second;
    if (line.letters.front().at > timers_.now()) return set_delivery(connection, line);
    const std::string text = std::move(line.letters.front().text);
    line.letters.pop_front();
    front_.send(connection, text);
  }
}

void SyntheticExchange::set_delivery(ConnectionId connection, Line& line) {
  line.delivery = timers_.at(line.letters.front().at, [this, connection](Timestamp) { deliver(connection); });
}

void SyntheticExchange::finish() {
  ended_ = true;
  for (auto& each : boards_) each->timer.cancel();
  front_.close_all({1001, "synthetic market ended"});
}

Duration SyntheticExchange::jitter(Duration shortest, Duration longest, std::uint64_t salt) const {
  const std::uint64_t drawn = mix(mix(options_.seed + salt) ^ static_cast<std::uint64_t>(nanoseconds(timers_.now())));
  return shortest +
         Duration{static_cast<std::int64_t>(drawn % static_cast<std::uint64_t>((longest - shortest).count()))};
}

}  // namespace ktape::synth
