#include "cli/served_markets.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/recordings.hpp"
#include "replay/limited_source.hpp"
#include "replay/recording_survey.hpp"
#include "replay/shifted_messages.hpp"
#include "replay/told_terms.hpp"
#include "replay/translated_source.hpp"

namespace ktape::cli {
namespace {

constexpr Duration kFinestStep = std::chrono::seconds(1);

std::unique_ptr<FrameSource> in_language(std::unique_ptr<FrameSource> source, Dialect own, Dialect served) {
  if (own == served) return source;
  return std::make_unique<TranslatedSource>(std::move(source), own, served);
}

Result<std::unique_ptr<FrameSource>> open_source(const std::string& path, std::optional<Duration> span, Dialect own,
                                                 Dialect served) {
  auto reader = open_recording(path);
  if (!reader) return tl::unexpected<Error>(reader.error());
  if (!span) return in_language(std::move(*reader), own, served);
  return in_language(std::make_unique<LimitedSource>(std::move(*reader), *span), own, served);
}

// The other dialect of Spot.
Dialect other_of(Dialect dialect) { return dialect == Dialect::SpotV2 ? Dialect::SpotV1 : Dialect::SpotV2; }

// "1h2m later", for people.
std::string in_words(Duration shift) {
  return format_duration(shift < Duration::zero() ? -shift : shift) +
         (shift < Duration::zero() ? " earlier" : " later");
}

}  // namespace

// A market told in the other dialect of Spot, for whoever comes: it is begun when somebody does, and follows the market
// that it translates when that begins anew. Nobody pays for it who does not ask for it.
class ServedMarkets::Translation final : public Exchange {
 public:
  using Begin = std::function<Result<std::unique_ptr<PlaybackExchange>>()>;

  Translation(TimerService& timers, const PlaybackExchange& original, Begin begin)
      : timers_(timers), original_(original), begin_(std::move(begin)) {}

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override {
    if (status_ && (!playback_ || (playback_->ended() && !original_.ended()))) {
      auto begun = begin_();
      playback_ = begun ? std::move(*begun) : nullptr;
      if (!begun) status_ = tl::unexpected<Error>(begun.error());
      if (playback_ && system_) static_cast<void>(playback_->set_system(system_));
    }
    if (playback_) return playback_->attach(connection, endpoint, client);
    refusals_.push_back(timers_.at(timers_.now(), [connection, &client](Timestamp at) {
      const std::string why = CloseInfo{1011, "the recording cannot be read"}.text();
      client.on_frame({at, connection, Direction::FromExchange, FrameKind::Closed, why});
    }));
  }

  void on_frame(const Frame& frame) override {
    if (playback_) playback_->on_frame(frame);
  }

  void set_system(std::optional<std::string> system) {
    system_ = std::move(system);
    if (playback_) static_cast<void>(playback_->set_system(system_));  // both dialects that are translated have one
  }

  // What it translates has been moved.
  void seek(Timestamp recorded) {
    if (!playback_ || !status_) return;
    if (auto moved = playback_->seek(recorded); !moved) status_ = moved;
  }

  Result<void> status() const { return playback_ && status_ ? playback_->status() : status_; }

 private:
  TimerService& timers_;
  const PlaybackExchange& original_;
  Begin begin_;
  std::unique_ptr<PlaybackExchange> playback_;
  std::vector<Timer> refusals_;
  std::optional<std::string> system_;
  Result<void> status_;
};

ServedMarkets::ServedMarkets() = default;
ServedMarkets::~ServedMarkets() = default;

Result<std::unique_ptr<ServedMarkets>> ServedMarkets::open(const ServeArguments& arguments, SystemNow system_now) {
  std::unique_ptr<ServedMarkets> all(new ServedMarkets);
  all->system_now_ = std::move(system_now);
  if (auto added = all->add(arguments.file, arguments); !added) return tl::unexpected<Error>(added.error());
  for (const std::string& file : arguments.more) {
    if (auto added = all->add(file, arguments); !added) return tl::unexpected<Error>(added.error());
  }
  // Accounts trade on Spot, where there is one.
  std::stable_sort(all->markets_.begin(), all->markets_.end(),
                   [](const Market& a, const Market& b) { return a.dialect < b.dialect; });
  if (auto placed = all->place(arguments); !placed) return tl::unexpected<Error>(placed.error());
  if (auto started = all->start(arguments); !started) return tl::unexpected<Error>(started.error());
  return all;
}

Result<void> ServedMarkets::add(const std::string& file, const ServeArguments& arguments) {
  auto reader = open_recording(file);
  if (!reader) return tl::unexpected<Error>(reader.error());
  const auto own = dialect_of((*reader)->info());
  if (!own) return tl::unexpected<Error>(own.error());
  Market market;
  market.file = file;
  market.own = market.dialect = *own;
  if (!arguments.dialect.empty()) {
    const auto wanted = parse_dialect(arguments.dialect);
    if (!wanted) {
      return fail(
          Errc::InvalidArgument,
          fmt::format("--dialect: '{}' is no dialect: spot-v2, spot-v1 or futures-v1 expected", arguments.dialect));
    }
    if (!arguments.more.empty()) {
      return fail(Errc::InvalidArgument, "--dialect is for one recording: several are served in their own");
    }
    if (*wanted != *own && !TranslatedSource::knows(*own, *wanted)) {
      return fail(Errc::Unsupported,
                  fmt::format("{}: a recording of {} cannot be told in {}", file, to_string(*own), to_string(*wanted)));
    }
    market.dialect = *wanted;
  }
  for (const Market& other : markets_) {
    if (other.dialect != market.dialect) continue;
    return fail(Errc::InvalidArgument, fmt::format("{} and {} are both of {}: of each dialect one recording is served",
                                                   other.file, file, to_string(market.dialect)));
  }
  auto& recording = **reader;
  const auto source = in_language(std::move(*reader), market.own, market.dialect);
  auto found = survey_recording(*source, market.dialect);
  if (!found) return tl::unexpected<Error>(found.error());
  if (!found->first_at) return fail(Errc::NotFound, fmt::format("{}: the recording has no frames", file));
  tell_what_is_missing(recording, file);  // and serve what is there
  market.first_at = *found->first_at;
  market.last_at = *found->last_at;
  market.level3_depths = std::move(found->level3_depths);

  auto terms_reader = open_recording(file);
  if (!terms_reader) return tl::unexpected<Error>(terms_reader.error());
  // By the recording's own telling: another dialect may not tell them.
  auto terms = told_terms(**terms_reader, market.own);
  if (!terms) return tl::unexpected<Error>(terms.error());
  market.watch = {.dialect = market.dialect,
                  .feeds = std::move(found->feeds),
                  .known_terms = std::move(*terms),
                  .known_products = std::move(found->products)};
  markets_.push_back(std::move(market));
  return {};
}

Duration ServedMarkets::step_of(const Market& market, Duration served) {
  Duration step = kFinestStep;
  const auto fits = [served](Duration interval) { return interval <= served / 2; };
  if (fits(std::chrono::minutes(1))) step = std::chrono::minutes(1);
  for (const Feed& feed : market.watch.feeds) {
    const Duration interval = std::chrono::minutes(feed.interval_minutes);
    if (feed.channel == Channel::Ohlc && fits(interval)) step = std::max(step, interval);
  }
  return step;
}

// When each market begins, and where time does.
Result<void> ServedMarkets::place(const ServeArguments& arguments) {
  const auto offset = parse_optional_duration("--start-offset", arguments.start_offset);
  if (!offset) return tl::unexpected<Error>(offset.error());
  const auto duration = parse_optional_duration("--duration", arguments.duration);
  if (!duration) return tl::unexpected<Error>(duration.error());
  Market& first = markets_.front();
  const Duration begin_offset = offset->value_or(Duration::zero());
  {
    auto reader = open_recording(first.file);
    if (!reader) return tl::unexpected<Error>(reader.error());
    if (auto longer = require_longer_than(**reader, first.file, begin_offset); !longer) return longer;
  }
  const Timestamp begin = first.first_at + begin_offset;
  if (*duration) first.span = begin_offset + **duration;
  const Duration served = std::min(first.last_at - begin, duration->value_or(first.last_at - begin));
  present_ = begin;
  if (!arguments.rebase.empty()) {
    now_ = arguments.rebase == "now";
    if (now_) {
      present_ = system_now_();
    } else {
      const auto wanted = parse_rfc3339(arguments.rebase);
      if (!wanted) {
        return fail(
            Errc::InvalidArgument,
            fmt::format("--rebase: 'now' or a time such as 2026-09-01T08:00:00Z expected, not '{}'", arguments.rebase));
      }
      const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*wanted)).year();
      if (year < std::chrono::year(2002) || year > std::chrono::year(2200)) {
        return fail(Errc::InvalidArgument,
                    fmt::format("--rebase {}: a time from 2002 to 2200 expected", arguments.rebase));
      }
      present_ = *wanted;
    }
    first.rebase_step = step_of(first, served);
    first.shift = shift_in_steps(begin, present_, first.rebase_step);
    note(first, present_ - (begin + first.shift));
  }
  for (Market& market : markets_) {
    if (&market == &first) continue;
    const bool overlaps = market.first_at <= first.last_at && first.first_at <= market.last_at;
    if (overlaps) {
      market.shift = first.shift;
      market.rebase_step = first.rebase_step;
      if (*duration) market.span = begin + **duration - market.first_at;
    } else {
      market.rebase_step = step_of(market, market.last_at - market.first_at);
      market.shift = shift_in_steps(market.first_at, present_, market.rebase_step);
      const Duration skipped = present_ - market.begin();
      if (*duration) market.span = skipped + **duration;
      note(market, skipped);
    }
    if (market.span && *market.span <= Duration::zero()) {
      return fail(Errc::InvalidArgument,
                  fmt::format("{} has nothing in what is served of {}", market.file, first.file));
    }
  }
  return {};
}

void ServedMarkets::note(const Market& market, Duration skipped) {
  notes_.push_back(
      fmt::format("{} is told {}{}", market.file, in_words(market.shift),
                  skipped > Duration::zero() ? fmt::format(", from {} on", format_duration(skipped)) : ""));
}

Result<void> ServedMarkets::start(const ServeArguments& arguments) {
  Timestamp earliest = present_;
  for (const Market& market : markets_) earliest = std::min(earliest, market.begin());
  // The clock must not be ahead of the first frames; it is moved on once they are known.
  clock_ = std::make_unique<VirtualClock>(earliest);
  const auto at_end = arguments.loop   ? PlaybackEnd::RestartAtOnce
                      : arguments.once ? PlaybackEnd::Stop
                                       : PlaybackEnd::RestartOnAttach;
  const auto begin = [this](const Market& market, Dialect dialect, std::vector<Feed> feeds, PlaybackEnd end,
                            Duration shift) {
    PlaybackOptions options{};
    options.dialect = dialect;
    options.known_feeds = std::move(feeds);
    options.at_end = end;
    options.shift = shift;
    options.rebase_step = market.rebase_step;
    return PlaybackExchange::create(
        *clock_,
        [file = market.file, span = market.span, own = market.own, dialect] {
          return open_source(file, span, own, dialect);
        },
        std::move(options));
  };
  for (Market& market : markets_) {
    auto playback = begin(market, market.dialect, market.watch.feeds, at_end, market.shift);
    if (!playback) return tl::unexpected<Error>(playback.error());
    market.playback = std::move(*playback);
    if (market.dialect == Dialect::FuturesV1) market.state = std::make_unique<FuturesMarketState>(*market.playback);
  }
  clock_->advance_to(std::max(present_, clock_->now()));

  const Market& first = markets_.front();
  const Dialect other = other_of(first.own);
  const bool has_other =
      std::any_of(markets_.begin(), markets_.end(), [other](const Market& market) { return market.dialect == other; });
  if (!arguments.dialect.empty() || has_other || !TranslatedSource::knows(first.own, other)) return {};
  translation_ = std::make_unique<Translation>(*clock_, *first.playback, [this, begin, other] {
    const Market& original = markets_.front();
    return begin(original, other, TranslatedSource::told_feeds(original.watch.feeds, original.own, other),
                 PlaybackEnd::Stop, original.playback->shift());
  });
  translated_ = other;
  return {};
}

hosts::KrakenHostsOptions ServedMarkets::hosts_options() {
  hosts::KrakenHostsOptions options;
  options.watch = markets_.front().watch;
  options.market_ended = [this] { return markets_.front().playback->ended(); };
  for (Market& market : markets_) {
    if (&market == &markets_.front()) continue;
    options.further.push_back(
        {.market = &market_of(market), .watch = market.watch, .ended = [&market] { return market.playback->ended(); }});
  }
  if (translation_) options.further.push_back({.market = translation_.get(), .watch = {.dialect = translated_}});
  const Market& first = markets_.front();
  if (first.dialect == Dialect::SpotV2 && first.own == Dialect::SpotV2 && !first.level3_depths.empty()) {
    options.make_level3 = [this](SpotV2Tokens tokens) { return level3(std::move(tokens)); };
  }
  options.before_attach = [this] {
    for (Market& market : markets_) market.playback->wake();
  };
  return options;
}

std::unique_ptr<GuestExchange> ServedMarkets::level3(SpotV2Tokens tokens) {
  const Market& market = markets_.front();
  Level3PlaybackOptions options;
  options.tokens = std::move(tokens);
  options.depths = market.level3_depths;
  options.shift = [&market] { return market.playback->shift(); };
  options.shift_messages = market.rebase_step > Duration::zero();
  options.may_begin_anew = [&market] { return !market.playback->ended(); };
  const auto open = [file = market.file, span = market.span] {
    return open_source(file, span, Dialect::SpotV2, Dialect::SpotV2);
  };
  auto playback = std::make_unique<Level3Playback>(*clock_, open, std::move(options));
  level3_ = playback.get();
  return playback;
}

void ServedMarkets::catch_up() {
  if (now_) clock_->advance_to(std::max(clock_->now(), system_now_()));
}

Result<void> ServedMarkets::set_engine(std::string_view state) {
  const auto system = state == "online" ? std::nullopt : std::optional<std::string>(state);
  for (Market& market : markets_) {
    if (market.state) {
      market.state->impose(FuturesMarketState::of(state));
    } else if (auto set = market.playback->set_system(system); !set) {
      return set;
    }
  }
  if (translation_) translation_->set_system(system);
  return {};
}

Result<void> ServedMarkets::seek(Timestamp recorded) {
  const Market& first = markets_.front();
  const Timestamp last = first.span ? std::min(first.last_at, first.first_at + *first.span) : first.last_at;
  if (recorded < first.first_at || recorded >= last) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} is not in what is served of {}: {} to {}", format_rfc3339(recorded), first.file,
                            format_rfc3339(first.first_at), format_rfc3339(last)));
  }
  const Timestamp told = recorded + first.shift;
  for (Market& market : markets_) {
    if (auto moved = market.playback->seek(told - market.shift); !moved) return moved;
  }
  if (translation_) translation_->seek(recorded);
  if (level3_ != nullptr) level3_->restart({1001, "the recording was moved"});
  return {};
}

Exchange& ServedMarkets::market_of(Market& market) {
  if (market.state) return *market.state;
  return *market.playback;
}

bool ServedMarkets::ended() const {
  return std::all_of(markets_.begin(), markets_.end(), [](const Market& market) { return market.playback->ended(); });
}

Result<void> ServedMarkets::status() const {
  for (const Market& market : markets_) {
    if (auto status = market.playback->status(); !status) return status;
  }
  return translation_ ? translation_->status() : Result<void>();
}

std::vector<ServedMarkets::Served> ServedMarkets::served() const {
  std::vector<Served> all;
  for (const Market& market : markets_) all.push_back({market.file, std::string(public_path(market.dialect))});
  return all;
}

}  // namespace ktape::cli
