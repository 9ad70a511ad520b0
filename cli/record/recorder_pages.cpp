// What a recorder says and asks over HTTP: its metrics, and REST of the exchange.
#include <algorithm>

#include <fmt/format.h>

#include "cli/record/recorder_run.hpp"

namespace ktape::cli {
namespace {

HttpResponse plain(unsigned status, std::string text) {
  return {.status = status,
          .reason = {},
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::move(text)};
}

}  // namespace

// ---- REST

// What Spot's REST is asked for are the pairs of all feeds and, of candles, the intervals that they subscribe to.
void RecorderRun::ask_rest() {
  if (!config_.rest) return;
  HttpClientOptions options;
  options.ca_file = config_.ca;
  http_ = std::make_unique<HttpClient>(loop_, *config_.rest, std::move(options));
  RestWishes wishes{.methods = config_.rest_methods, .symbols = {}, .ohlc_minutes = {}};
  const auto add = [](auto& all, const auto& more) {
    for (const auto& one : more) {
      if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
    }
  };
  for (const FeedConfig& feed : config_.feeds) {
    add(wishes.symbols, feed.symbols);
    add(wishes.ohlc_minutes, feed.ohlc_minutes);
  }
  rest_ = std::make_unique<RestAnswers>(*http_, loop_.clock(), calls_, redactor_, *config_.rest, std::move(wishes),
                                        [this](const Error& error) { rest_failed(error.detail); });
  rest_->ask();
}

void RecorderRun::rest_failed(const std::string& why) {
  const std::string url = http_url(*config_.rest, "");
  tell(fmt::format("ktape: {}: {} (the session goes on without that answer)", url, why));
  annotate("rest_failed", fmt::format("{}: {}", url, why));
}

// ---- metrics and commands

HttpResponse RecorderRun::serve(const HttpRequest& request) {
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const auto only = [](std::string_view methods) {
    HttpResponse refused = plain(405, fmt::format("{} expected\n", methods));
    refused.headers.emplace_back("Allow", methods);
    return refused;
  };
  if (path == "/metrics") {
    if (!reads) return only("GET, HEAD");
    return {.status = 200,
            .reason = {},
            .headers = {{"Content-Type", std::string(MetricsText::kContentType)}},
            .body = output_ ? metrics_.text(figures(), output_->figures()) : std::string()};
  }
  if (path == "/health") {
    if (!reads) return only("GET, HEAD");
    const auto up = std::count_if(links_.begin(), links_.end(), [](const auto& link) { return link->connected(); });
    // Those who come to a relay may go again.
    const bool well = relay_ || (!links_.empty() && static_cast<std::size_t>(up) == links_.size());
    return plain(well ? 200 : 503,
                 fmt::format("{}: {} of {} connections stand\n", well ? "well" : "not well", up, links_.size()));
  }
  if (path == "/snapshot") {
    if (request.method != "POST") return only("POST");
    if (!config_.ring) return plain(409, "this recorder writes everything: it has no snapshot mode\n");
    if (!output_->trigger({std::nullopt, "POST /snapshot"})) return plain(500, "no file could be written\n");
    return plain(202, output_->paths().back() + "\n");
  }
  return plain(404, "there are /metrics, /health and /snapshot\n");
}

}  // namespace ktape::cli
