#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/record/config.hpp"
#include "cli/record/event_file.hpp"
#include "cli/record/exchange_link.hpp"
#include "cli/record/metrics.hpp"
#include "cli/record/plan.hpp"
#include "cli/record/relay_desk.hpp"
#include "cli/record/rest_answers.hpp"
#include "cli/record/session_output.hpp"
#include "cli/text_output.hpp"
#include "core/client/event_log.hpp"
#include "core/client/reconnect_policy.hpp"
#include "live/http_client.hpp"
#include "live/http_server.hpp"
#include "live/live_loop.hpp"
#include "rest/futures_authoriser.hpp"
#include "rest/spot_account.hpp"

namespace ktape::cli {

// What a run has come to.
struct RunResult {
  std::vector<LinkFigures> links;
  OutputFigures output;
  std::vector<std::string> paths;
  std::optional<Error> error;  // why it ended before it was asked to, or could not be finished
  bool connected_ever = false;
  Duration length{};
};

// A recording from the first connection to the seal: the graph of all its parts, and what happens when.
class RecorderRun {
 public:
  // An error if it cannot begin; nothing is left of it then. `config` outlives the run. No secret that was on the wire
  // or in an address gets into an error, a log, a metric or a recording.
  static Result<std::unique_ptr<RecorderRun>> create(const RecordConfig& config);
  ~RecorderRun();
  RecorderRun(const RecorderRun&) = delete;
  RecorderRun& operator=(const RecorderRun&) = delete;

  // Records until it is asked to end by SIGINT, SIGTERM or the length of the configuration, or cannot go on.
  RunResult run();

 private:
  RecorderRun(const RecordConfig& config, const RedactionKey& key);

  Result<void> prepare();
  Result<void> open_relay();
  Result<void> find_account();
  void add_feeds();
  ExchangeLink& add_link(std::size_t feed);
  void overhear(ConnectionId connection, std::unique_ptr<Transport> transport);
  void carry_out(std::size_t feed, const std::vector<PlannedRequests>& requests);
  void start_later(ExchangeLink& link);
  void instruments(ExchangeLink& link, const InstrumentUpdate& update);
  void link_closed(ExchangeLink& link);
  void stop();
  void give_up(Error error);
  void begin_at(Timestamp now);
  void after_turn();
  void rotate();
  void ask_rest();
  void rest_failed(const std::string& why);
  void annotate(std::string_view name, std::string text);
  void tell(std::string_view line);
  HttpResponse serve(const HttpRequest& request);
  std::vector<LinkFigures> figures();
  std::string progress_line();
  bool connected_ever() const;
  bool all_closed() const;

  // HTTP requests and their answers, on their way to the recording.
  class Calls final : public FrameSink {
   public:
    explicit Calls(RecorderRun& run) : run_(run) {}
    void on_frame(const Frame& frame) override {
      any_ = true;
      run_.metrics_.count(frame);
      run_.output_->on_frame(frame);
    }
    bool any() const { return any_; }

   private:
    RecorderRun& run_;
    bool any_ = false;
  };

  const RecordConfig& config_;
  RedactionKey key_;
  Redactor redactor_{key_};  // of all that leaves the program but the recording, which does it by itself
  LiveLoop loop_;
  Timestamp began_at_;  // of a server that keeps the time, once it has told it
  RecordMetrics metrics_;
  AttemptBudget attempts_{120, std::chrono::minutes(10)};
  std::unique_ptr<EventFile> event_file_;
  EventLog log_;
  std::unique_ptr<SessionOutput> output_;
  std::optional<ExchangeLink::Surroundings> around_;
  WebSocketOptions socket_;
  std::unique_ptr<HttpClient> api_;
  std::unique_ptr<rest::SpotAccount> spot_account_;
  std::optional<rest::Credentials> futures_key_;
  std::optional<rest::FuturesAuthoriser> futures_account_;
  Authoriser* authoriser_ = nullptr;  // of those connections that need one

  struct FeedState {
    std::unique_ptr<FeedPlan> plan;
    std::vector<ExchangeLink*> links;  // in the order of the plan's numbers
  };
  std::vector<FeedState> feeds_;
  std::vector<std::unique_ptr<ExchangeLink>> links_;
  std::set<const ExchangeLink*> waiting_;  // for their turn to connect
  std::vector<Timer> start_timers_;
  Timestamp next_start_{};
  Calls calls_{*this};
  std::unique_ptr<RelayDesk> relay_;

  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<RestAnswers> rest_;
  std::unique_ptr<HttpServer> server_;
  std::optional<Timer> end_;
  Progress progress_;
  Timestamp next_progress_{};
  bool stopping_ = false;
  std::optional<Error> error_;
};

}  // namespace ktape::cli
