// Dialogues between a client and an exchange, each over Loopback, in virtual time without sockets, and over TLS in
// lockstep: what the client says, what the exchange answers, and what the client makes of it. They are the files of
// dialogues/<dialect>/. Before the dialogue itself (ScriptedExchange tells its marks) such a file says
//   * wants <request>           what the client is subscribed to before it connects, as a request of the dialect
//   * account <answer> ...      it has an account. Spot: what REST answers in turn when asked for a token: a token,
//   which
//                               is good for 15 minutes; network; or refused:<error>. Futures: nothing
//   * trades                    it may trade
//   * stale_after, silence_timeout, request_timeout, ping_interval 1h     of ClientOptions
//   * candles 1m                it builds them
//   * when <words> does <request>   the first time that it tells something with all these words, its user does this.
//                                   These come in the order in which they stand
// Besides its events the client tells: "notice ..." what it does without the exchange knowing of it, "refused ..." what
// it does not let its user do.

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "core/client/event_log.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/loopback.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "mock_server/mock_server.hpp"
#include "rest/futures_authoriser.hpp"
#include "rest/token_authoriser.hpp"
#include "tests/support/client_script.hpp"
#include "tests/support/network.hpp"
#include "tests/support/places.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();
const std::filesystem::path kFolder = test::in_source_tree("tests/integration/client/dialogues");

struct Reaction {
  std::string words, request;
};

struct Dialogue {
  Dialect dialect = Dialect::SpotV2;
  std::vector<std::string> wants;
  std::optional<std::deque<std::string>> account;
  ClientOptions options;
  std::deque<Reaction> reactions;
  std::string script;  // the other lines, each where it was
};

void read_directive(const std::string& line, Dialogue& dialogue) {
  std::istringstream words(line);
  std::string what;
  words >> what;
  std::string rest;
  std::getline(words >> std::ws, rest);
  ClientOptions& options = dialogue.options;
  const auto duration = [&] { return parse_duration(rest).value(); };
  if (what == "wants") {
    dialogue.wants.push_back(rest);
  } else if (what == "account") {
    std::istringstream answers(rest);
    auto& all = dialogue.account.emplace();
    for (std::string answer; answers >> answer;) all.push_back(answer);
  } else if (what == "trades") {
    options.allow_trading = true;
  } else if (what == "stale_after") {
    options.stale_after = duration();
  } else if (what == "silence_timeout") {
    options.silence_timeout = duration();
  } else if (what == "request_timeout") {
    options.request_timeout = duration();
  } else if (what == "ping_interval") {
    options.ping_interval = duration();
  } else if (what == "candles") {
    options.candles.intervals = {duration()};
  } else if (what == "when") {
    const auto does = rest.find(" does ");
    ASSERT_NE(does, std::string::npos) << line;
    dialogue.reactions.push_back({rest.substr(0, does), rest.substr(does + 6)});
  } else {
    ADD_FAILURE() << "a dialogue does not say '" << what << "'";
  }
}

Dialogue read_dialogue(const std::filesystem::path& path) {
  Dialogue dialogue;
  dialogue.dialect = parse_dialect(path.parent_path().filename().string()).value();
  dialogue.options.reconnect.jitter = 0s;
  dialogue.options.heartbeats = false;  // only what a dialogue wants is asked for
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("* ")) {
      read_directive(line.substr(2), dialogue);
      line = "#";
    }
    dialogue.script += line + '\n';
  }
  return dialogue;
}

// What REST says when it is asked for tokens.
class TokenDesk final : public net::HttpRequester {
 public:
  TokenDesk(TimerService& timers, std::deque<std::string> answers) : timers_(timers), answers_(std::move(answers)) {}

  void request(net::HttpRequest, Done done) override {
    ASSERT_FALSE(answers_.empty()) << "nobody expects another token to be asked for";
    const std::string answer = answers_.front();
    answers_.pop_front();
    timer_ = timers_.at(timers_.now(), [answer, done = std::move(done)](Timestamp) {
      if (answer == "network") {
        done(fail(Errc::Tls, "no route to the token desk"));
        return;
      }
      const bool refused = answer.starts_with("refused:");
      done(net::HttpResponse{
          .status = 200,
          .reason = "OK",
          .headers = {},
          .body = refused ? fmt::format(R"({{"error":["{}"]}})", answer.substr(8))
                          : fmt::format(R"({{"error":[],"result":{{"token":"{}","expires":900}}}})", answer)});
    });
  }

  bool served_all() const { return answers_.empty(); }

 private:
  TimerService& timers_;
  std::deque<std::string> answers_;
  Timer timer_;
};

// The client with its user, who does what the dialogue says.
class Player final : private ClientNotices {
 public:
  Player(Transport& transport, TimerService& timers, Dialogue dialogue, const Endpoint& endpoint)
      : timers_(timers),
        dialogue_(std::move(dialogue)),
        codec_(make_codec(dialogue_.dialect)),
        log_(timers, [this](std::string_view line) { told(line); }) {
    ClientOptions options = dialogue_.options;
    options.endpoint = endpoint;
    options.notices = this;
    if (dialogue_.account) options.authoriser = &authoriser();
    client_.emplace(transport, *codec_, timers, log_.of(ConnectionId{1}), options);
    for (const std::string& each : dialogue_.wants) act(each);
    client_->start();
  }

  const std::string& events() const { return events_; }
  std::string problem() const {
    if (!dialogue_.reactions.empty()) return "the client never told '" + dialogue_.reactions.front().words + "'";
    if (desk_ && !desk_->served_all()) return "the client has not asked for all the tokens";
    return {};
  }

 private:
  Authoriser& authoriser() {
    if (dialogue_.dialect == Dialect::FuturesV1) {
      // The second vector of futures-v1 section 3.2.
      credentials_ =
          rest::Credentials::create(
              "KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==")
              .value();
      return futures_.emplace(*credentials_);
    }
    credentials_ = rest::Credentials::create("KEY",
                                             "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"
                                             "MDEyMzQ1Njc4OTo7PD0+Pw==")
                       .value();
    desk_.emplace(timers_, *dialogue_.account);
    rest_.emplace(*desk_, timers_, rest::RestOptions{}, rest::RestClient::Account{*credentials_, nonces_});
    return tokens_.emplace(*rest_, timers_);
  }

  void told(std::string_view line) {
    events_ += line;
    if (dialogue_.reactions.empty() || !has_all_words(line, dialogue_.reactions.front().words)) return;
    const Reaction reaction = dialogue_.reactions.front();
    dialogue_.reactions.pop_front();
    act(reaction.request);
  }

  void act(const std::string& text) {
    const auto request = codec_->decode_request(text);
    if (!request) {
      ADD_FAILURE() << request.error().detail << ": " << text;
      return;
    }
    if (request->method == Method::Unsubscribe) {
      client_->unsubscribe(request->subscription);
    } else if (request->method == Method::Trade) {
      if (const auto done = client_->trade(request->trading); !done) note("refused " + done.error().detail);
    } else if (const auto done = client_->subscribe(request->subscription); !done) {
      note("refused " + done.error().detail);
    }
  }

  void not_sent(std::int64_t request_id, const Error& why) override {
    note(fmt::format("notice not_sent {} {}", request_id, why.detail));
  }
  void failed(const Error& what) override { note("notice failed " + what.detail); }
  void retrying(int attempt, Duration delay) override {
    note(fmt::format("notice retrying {} in {}", attempt, format_duration(delay)));
  }
  void note(const std::string& line) { told(line + '\n'); }

  TimerService& timers_;
  Dialogue dialogue_;
  std::unique_ptr<Codec> codec_;
  std::string events_;
  EventLog log_;
  std::optional<rest::Credentials> credentials_;
  rest::NonceSource nonces_{timers_};
  std::optional<TokenDesk> desk_;
  std::optional<rest::RestClient> rest_;
  std::optional<rest::TokenAuthoriser> tokens_;
  std::optional<rest::FuturesAuthoriser> futures_;
  std::optional<Client> client_;
};

enum class Line : std::uint8_t { Loopback, Tls };

struct Case {
  std::string file;  // below the folder
  Line line;
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.file; }

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder)) {
    if (!entry.is_regular_file()) continue;
    const std::string file = std::filesystem::relative(entry.path(), kFolder).generic_string();
    cases.push_back({file, Line::Loopback});
    cases.push_back({file, Line::Tls});
  }
  std::sort(cases.begin(), cases.end(),
            [](const Case& a, const Case& b) { return std::pair(a.line, a.file) < std::pair(b.line, b.file); });
  return cases;
}

class ClientDialogue : public testing::TestWithParam<Case> {};

TEST_P(ClientDialogue, GoesAsItIsWritten) {
  const Dialogue dialogue = read_dialogue(kFolder / GetParam().file);
  VirtualClock exchange_clock(kStart);
  ScriptedExchange exchange(exchange_clock, dialogue.script);
  if (GetParam().line == Line::Loopback) {
    VirtualClock client_clock(kStart);
    Loopback loopback(exchange, client_clock, exchange_clock);
    const auto line = loopback.make_transport(ConnectionId{1});
    Player player(*line, client_clock, dialogue, Endpoint::parse("wss://ws.kraken.com/").value());
    const Timestamp end = kStart + exchange.length() + 2min;
    for (Timestamp at = kStart; at <= end && !exchange.finished(); at += 100ms) loopback.run_until(at);
    EXPECT_EQ(exchange.problem(player.events()), "");
    EXPECT_EQ(player.problem(), "");
    return;
  }
  LiveLoop loop(TimeSource::Server);
  MockServerOptions options;
  options.pace = ServerPace::Lockstep;
  options.patience = kPatience;
  options.listen = {{.security = ListenAddress::Security::Tls}};
  options.identity = test_identity();
  MockServer server(loop.context(), exchange, exchange_clock, std::move(options));
  WebSocketTransport socket(loop, ConnectionId{1}, Network::trusting());
  Player player(socket, loop.clock(), dialogue, server.listen().value().front());
  EXPECT_TRUE(loop.run_until([&] { return exchange.finished(); }, kPatience));
  // What was said last has to arrive.
  loop.run_until([&] { return exchange.problem(player.events()).empty(); }, 1s);
  EXPECT_EQ(exchange.problem(player.events()), "");
  EXPECT_EQ(player.problem(), "");
}

INSTANTIATE_TEST_SUITE_P(Lines, ClientDialogue, testing::ValuesIn(all_cases()), [](const auto& each) {
  std::string name = each.param.line == Line::Loopback ? "Loopback_" : "Tls_";
  for (const char c : std::filesystem::path(each.param.file).replace_extension().string()) {
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return name;
});

}  // namespace
}  // namespace ktape::test
