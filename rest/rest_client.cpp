#include "rest/rest_client.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "rest/envelope.hpp"

namespace ktape::rest {
namespace {

constexpr unsigned kOk = 200;
constexpr unsigned kTooManyRequests = 429;
constexpr int kMaxDoublings = 10;

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
  std::string out;
  for (const std::string& text : texts) {
    if (!out.empty()) out += between;
    out += text;
  }
  return out;
}

Retry retry_of_transport(Errc code) { return code == Errc::Io || code == Errc::Timeout ? Retry::Later : Retry::Never; }

// What came of one attempt.
struct Outcome {
  Result<const JsonNode*> result;
  Retry retry = Retry::Never;
  bool crowded = false;  // the far end counts more calls than we do
  std::optional<Timestamp> not_before{};
};

}  // namespace

struct RestClient::Call {
  std::string method;
  Parameters parameters{};
  bool is_private = false;
  int cost = 1;
  std::function<void(Result<const JsonNode*>)> done{};
  int attempts = 0;
};

struct RestClient::Line {
  explicit Line(CallLimit limit) : counter(limit) {}

  CallCounter counter;
  std::deque<Call> waiting;  // the first is under way if `busy`
  bool busy = false;
  std::optional<Timestamp> not_before;
  Timer timer;
};

class RestClient::Impl final : public std::enable_shared_from_this<Impl> {
 public:
  Impl(net::HttpRequester& far_end, TimerService& timers, const RestOptions& options, std::optional<Account> account)
      : far_end_(far_end),
        timers_(timers),
        options_(options),
        account_(account),
        public_(options.public_limit),
        private_(options.private_limit) {}

  void put(Call call) {
    Line& line = line_of(call.is_private);
    if (line.waiting.size() >= options_.max_waiting) {
      call.done(fail(Errc::Limit, fmt::format("{}: {} calls are waiting already", call.method, line.waiting.size())));
      return;
    }
    KTAPE_ASSERT(!call.is_private || account_, "a private call of a client without credentials");
    const bool is_private = call.is_private;
    line.waiting.push_back(std::move(call));
    if (line.waiting.size() == 1) send_next(is_private);
  }

  std::size_t pending() const { return public_.waiting.size() + private_.waiting.size(); }

 private:
  Line& line_of(bool is_private) { return is_private ? private_ : public_; }

  void send_next(bool is_private) {
    Line& line = line_of(is_private);
    if (line.busy || line.waiting.empty()) return;
    Call& call = line.waiting.front();
    const Timestamp now = timers_.now();
    Timestamp at = line.counter.earliest(now, call.cost);
    if (line.not_before) at = std::max(at, *line.not_before);
    if (at > now) {
      line.timer = timers_.at(at, [this, is_private](Timestamp) { send_next(is_private); });
      return;
    }
    line.busy = true;
    line.not_before.reset();
    line.counter.take(now, call.cost);
    ++call.attempts;
    auto request = is_private
                       ? private_request(call.method, account_->nonces.next(), call.parameters, account_->credentials)
                       : public_request(call.method, call.parameters);
    KTAPE_ASSERT(request.has_value(), "credentials hold a secret that is base64");
    far_end_.request(std::move(*request), [weak = weak_from_this(), is_private](const Result<HttpResponse>& answer) {
      if (const auto self = weak.lock()) self->answered(is_private, answer);
    });
  }

  void answered(bool is_private, const Result<HttpResponse>& answer) {
    Line& line = line_of(is_private);
    line.busy = false;
    Outcome outcome = judge(line.waiting.front(), answer);
    if (outcome.crowded) line.counter.refused(timers_.now());
    if (!outcome.result && try_again(line, outcome)) return send_next(is_private);

    const Call call = std::move(line.waiting.front());
    line.waiting.pop_front();
    call.done(std::move(outcome.result));
    send_next(is_private);
  }

  bool try_again(Line& line, const Outcome& outcome) {
    const int attempts = line.waiting.front().attempts;
    if (outcome.retry == Retry::Never || attempts >= options_.attempts) return false;
    if (outcome.retry == Retry::FreshNonce) return true;
    const Timestamp now = timers_.now();
    const Duration own =
        std::min(options_.retry_delay * (1 << std::min(attempts - 1, kMaxDoublings)), options_.longest_delay);
    Timestamp at = now + own;
    if (outcome.not_before && *outcome.not_before > at) {
      if (*outcome.not_before > now + options_.longest_delay) return false;
      at = *outcome.not_before;
    }
    line.not_before = at;
    return true;
  }

  Outcome judge(const Call& call, const Result<HttpResponse>& answer) {
    if (!answer) {
      return {failure(call, answer.error().code, answer.error().detail), retry_of_transport(answer.error().code)};
    }
    if (answer->status != kOk) {
      // Not from the API's servers, and so perhaps not JSON at all (rest section 1).
      const bool crowded = answer->status == kTooManyRequests;
      return {failure(call, crowded ? Errc::Limit : Errc::Io,
                      fmt::format("HTTP {} {}", answer->status, excerpt(answer->reason))),
              crowded || answer->status >= 500 ? Retry::Later : Retry::Never, crowded};
    }
    auto envelope = read_envelope(tape_, answer->body);
    if (!envelope) {
      // Such an error shows a piece of the answer, and a private one may hold a token.
      const Error& error = envelope.error();
      return {failure(call, error.code, call.is_private ? "the answer is not of its form" : error.detail)};
    }
    if (envelope->errors.empty()) return {envelope->result};
    const std::string& first = envelope->errors.front();
    return {failure(call, errc_of(first), joined(envelope->errors, ", ")), retry_of(first),
            errc_of(first) == Errc::Limit, throttled_until(first)};
  }

  // What a far end said, on one line and without what was told to it.
  tl::unexpected<Error> failure(const Call& call, Errc code, std::string detail) const {
    if (account_) detail = account_->credentials.hidden_in(std::move(detail));
    return fail(code, fmt::format("{}: {}", call.method, detail));
  }

  net::HttpRequester& far_end_;
  TimerService& timers_;
  RestOptions options_;
  std::optional<Account> account_;
  Line public_;
  Line private_;
  JsonTape tape_;
};

RestClient::RestClient(net::HttpRequester& far_end, TimerService& timers, RestOptions options,
                       std::optional<Account> account)
    : impl_(std::make_shared<Impl>(far_end, timers, options, account)) {
  KTAPE_ASSERT(options.attempts > 0 && options.retry_delay >= Duration::zero(), "a call is tried at least once");
}
RestClient::~RestClient() = default;

template <class T, class Reader>
void RestClient::ask(Call call, Reader read, Done<T> done) {
  call.done = [read, done = std::move(done)](Result<const JsonNode*> result) {
    if (!result) return done(tl::unexpected<Error>(result.error()));
    done(read(**result));
  };
  impl_->put(std::move(call));
}

void RestClient::time(Done<ServerTime> done) { ask({.method = "Time"}, read_time, std::move(done)); }

void RestClient::system_status(Done<SystemStatus> done) {
  ask({.method = "SystemStatus"}, read_system_status, std::move(done));
}

void RestClient::assets(const std::vector<std::string>& names, Done<std::vector<RestAsset>> done) {
  Call call{.method = "Assets"};
  if (!names.empty()) call.parameters = {{"asset", joined(names, ",")}};
  ask(std::move(call), read_assets, std::move(done));
}

void RestClient::asset_pairs(const std::vector<std::string>& names, Done<std::vector<RestPair>> done) {
  Call call{.method = "AssetPairs"};
  if (!names.empty()) call.parameters = {{"pair", joined(names, ",")}};
  ask(std::move(call), read_asset_pairs, std::move(done));
}

void RestClient::ohlc(const OhlcQuery& query, Done<OhlcAnswer> done) {
  Call call{.method = "OHLC",
            .parameters = {{"pair", query.pair}, {"interval", std::to_string(query.interval_minutes)}}};
  if (query.since) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*query.since).time_since_epoch().count();
    call.parameters.emplace_back("since", std::to_string(seconds));
  }
  ask(std::move(call), read_ohlc, std::move(done));
}

void RestClient::trades(const TradesQuery& query, Done<TradesPage> done) {
  Call call{.method = "Trades", .parameters = {{"pair", query.pair}, {"count", std::to_string(query.count)}}};
  if (query.since) call.parameters.emplace_back("since", std::to_string(nanoseconds(*query.since)));
  ask(std::move(call), read_trades, std::move(done));
}

void RestClient::depth(const DepthQuery& query, Done<DepthAnswer> done) {
  ask({.method = "Depth", .parameters = {{"pair", query.pair}, {"count", std::to_string(query.count)}}}, read_depth,
      std::move(done));
}

void RestClient::web_sockets_token(Done<WebSocketsToken> done) {
  ask({.method = "GetWebSocketsToken", .is_private = true}, read_token, std::move(done));
}

std::size_t RestClient::pending() const { return impl_->pending(); }

}  // namespace ktape::rest
