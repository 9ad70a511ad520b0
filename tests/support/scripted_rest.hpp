#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/virtual_clock.hpp"
#include "net/http_requester.hpp"
#include "rest/credentials.hpp"

namespace ktape::test {

// The public example of Kraken's documentation (rest section 2): opens nothing.
inline constexpr const char* kExampleSecret =
    "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==";
inline constexpr const char* kExampleKey = "EXAMPLEkeyEXAMPLEkey0001";
inline constexpr const char* kExampleToken = "SIMTOKENsimtokenSIMTOKENsimtokenSIMTOKENsim";

inline rest::Credentials example_credentials() {
  return rest::Credentials::create(kExampleKey, kExampleSecret).value();
}

// A far end without sockets: keeps what it is asked, and answers when the test says so.
class ScriptedRest final : public net::HttpRequester {
 public:
  using Answer = Result<net::HttpResponse>;

  explicit ScriptedRest(VirtualClock& clock) : clock_(clock) {}

  void request(net::HttpRequest request, Done done) override {
    seen.push_back({clock_.now(), std::move(request)});
    waiting_.push_back(std::move(done));
  }

  void answer(Answer answer) {
    const Done done = std::move(waiting_.front());
    waiting_.pop_front();
    done(std::move(answer));
  }
  void answer_json(std::string body) {
    answer(net::HttpResponse{.status = 200, .reason = "OK", .headers = {}, .body = std::move(body)});
  }
  // Whatever waits is answered by `respond`, and time goes on from deadline to deadline, until nothing is left.
  void serve(const std::function<Answer(const net::HttpRequest&)>& respond) {
    while (true) {
      if (!waiting_.empty()) {
        answer(respond(seen[seen.size() - waiting_.size()].request));
      } else if (const auto next = clock_.next_deadline()) {
        clock_.advance_to(*next);
      } else {
        return;
      }
    }
  }
  std::size_t under_way() const { return waiting_.size(); }

  struct Seen {
    Timestamp at;
    net::HttpRequest request;
  };
  std::vector<Seen> seen;

 private:
  VirtualClock& clock_;
  std::deque<Done> waiting_;
};

inline net::HttpResponse json_answer(std::string body) {
  return {.status = 200, .reason = "OK", .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

// The value of a query or form field, as it was sent.
inline std::optional<std::string> field_of(const std::string& text, const std::string& name) {
  for (std::size_t at = text.find(name + '='); at != std::string::npos; at = text.find(name + '=', at + 1)) {
    if (at != 0 && text[at - 1] != '&' && text[at - 1] != '?') continue;
    const std::size_t begin = at + name.size() + 1;
    return text.substr(begin, std::min(text.find('&', begin), text.size()) - begin);
  }
  return std::nullopt;
}

}  // namespace ktape::test
