#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/session/redactor.hpp"
#include "core/wire/endpoint.hpp"
#include "core/wire/frame.hpp"
#include "net/http_requester.hpp"
#include "rest/recording_requester.hpp"
#include "rest/rest_client.hpp"

namespace ktape::cli {

// What Spot's REST can be asked for when a recording begins, in the order in which it is asked.
enum class RestMethod : std::uint8_t { AssetPairs, Assets, Time, SystemStatus, Depth, Trades, Ohlc };
std::string_view to_string(RestMethod method);  // as Kraken calls it
bool is_per_symbol(RestMethod method);          // Depth, Trades, Ohlc

struct RestWishes {
  std::vector<RestMethod> methods;
  std::vector<std::string> symbols;  // for those that are per symbol
  std::vector<int> ohlc_minutes;
};

// Asks for each once, at the pace that Kraken allows, and hands on every answer as frames of connection 0, verbatim
// ("HTTP requests" in docs/format.md).
class RestAnswers {
 public:
  // What Kraken had to say against it, or why there was no answer: "Depth: EQuery:Unknown asset pair".
  using Failed = std::function<void(const Error& error)>;

  // All but `server` and `wishes` outlive it. `failed` is called in the loop of `timers`.
  RestAnswers(net::HttpRequester& far_end, TimerService& timers, FrameSink& frames, Redactor& redactor,
              const Endpoint& server, RestWishes wishes, Failed failed);
  RestAnswers(const RestAnswers&) = delete;
  RestAnswers& operator=(const RestAnswers&) = delete;

  void ask();
  // That have not been answered.
  std::size_t pending() const { return client_.pending(); }

 private:
  void ask(RestMethod method);
  template <class T>
  rest::RestClient::Done<T> done();

  RestWishes wishes_;
  Failed failed_;
  rest::RecordingRequester recorded_;
  rest::RestClient client_;
};

}  // namespace ktape::cli
