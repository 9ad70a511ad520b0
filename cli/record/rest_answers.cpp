#include "cli/record/rest_answers.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "live/http_client.hpp"

namespace ktape::cli {
namespace {

// The connection that HTTP requests are recorded under; websockets count from 1.
constexpr ConnectionId kRest{0};
constexpr int kMostLevels = 500;   // that Depth tells (rest section 9)
constexpr int kMostTrades = 1000;  // that Trades tells at once

constexpr std::array kNames{std::pair{RestMethod::AssetPairs, "AssetPairs"},
                            std::pair{RestMethod::Assets, "Assets"},
                            std::pair{RestMethod::Time, "Time"},
                            std::pair{RestMethod::SystemStatus, "SystemStatus"},
                            std::pair{RestMethod::Depth, "Depth"},
                            std::pair{RestMethod::Trades, "Trades"},
                            std::pair{RestMethod::Ohlc, "OHLC"}};

std::string address(const Endpoint& server) { return http_url(server, ""); }

rest::RestOptions options(const RestWishes& wishes) {
  rest::RestOptions out;
  out.max_waiting =
      std::max(out.max_waiting, wishes.methods.size() + wishes.symbols.size() * (2 + wishes.ohlc_minutes.size()));
  return out;
}

}  // namespace

std::string_view to_string(RestMethod method) {
  return std::find_if(kNames.begin(), kNames.end(), [method](const auto& name) { return name.first == method; })
      ->second;
}

bool is_per_symbol(RestMethod method) {
  return method == RestMethod::Depth || method == RestMethod::Trades || method == RestMethod::Ohlc;
}

RestAnswers::RestAnswers(net::HttpRequester& far_end, TimerService& timers, FrameSink& frames, Redactor& redactor,
                         const Endpoint& server, RestWishes wishes, Failed failed)
    : wishes_(std::move(wishes)),
      failed_(std::move(failed)),
      recorded_(far_end, timers, frames, redactor, {.server = address(server), .connection = kRest}),
      client_(recorded_, timers, options(wishes_)) {}

void RestAnswers::ask() {
  // What concerns all pairs comes before what takes a call for each.
  for (const auto& [method, name] : kNames) {
    if (std::find(wishes_.methods.begin(), wishes_.methods.end(), method) != wishes_.methods.end()) ask(method);
  }
}

void RestAnswers::ask(RestMethod method) {
  switch (method) {
    case RestMethod::AssetPairs:
      return client_.asset_pairs({}, done<std::vector<rest::RestPair>>());
    case RestMethod::Assets:
      return client_.assets({}, done<std::vector<rest::RestAsset>>());
    case RestMethod::Time:
      return client_.time(done<rest::ServerTime>());
    case RestMethod::SystemStatus:
      return client_.system_status(done<rest::SystemStatus>());
    case RestMethod::Depth:
      for (const std::string& symbol : wishes_.symbols) {
        client_.depth({.pair = symbol, .count = kMostLevels}, done<rest::DepthAnswer>());
      }
      return;
    case RestMethod::Trades:
      for (const std::string& symbol : wishes_.symbols) {
        client_.trades({.pair = symbol, .count = kMostTrades}, done<rest::TradesPage>());
      }
      return;
    case RestMethod::Ohlc:
      for (const std::string& symbol : wishes_.symbols) {
        for (const int minutes : wishes_.ohlc_minutes) {
          client_.ohlc({.pair = symbol, .interval_minutes = minutes}, done<rest::OhlcAnswer>());
        }
      }
      return;
  }
}

// What an answer says is for whoever reads the recording; here it counts only whether it is one.
template <class T>
rest::RestClient::Done<T> RestAnswers::done() {
  return [this](const Result<T>& answer) {
    if (!answer) failed_(answer.error());
  };
}

}  // namespace ktape::cli
