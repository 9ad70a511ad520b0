#include "testing/kraken_server.hpp"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX's

#include "core/base/virtual_clock.hpp"
#include "hosts/kraken_hosts.hpp"
#include "live/live_loop.hpp"
#include "mock_server/mock_server.hpp"
#include "replay/playback_exchange.hpp"
#include "replay/recording_survey.hpp"
#include "replay/session_files.hpp"
#include "replay/told_terms.hpp"

namespace ktape::testing {
namespace {

// Passes everything on, and keeps what clients do for other threads to look at.
class Journal final : public Exchange {
 public:
  explicit Journal(const Clock& clock) : clock_(clock) {}
  void lead_to(Exchange& exchange) { exchange_ = &exchange; }

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override {
    const auto at = connections_.try_emplace(connection, *this, endpoint.target, client).first;
    keep(connection, ClientWord::Kind::Opened, {});
    exchange_->attach(connection, endpoint, at->second);
  }

  void on_frame(const Frame& frame) override {
    note(frame);
    exchange_->on_frame(frame);
  }

  void asked(const net::HttpRequest& request) {
    keep(
        {clock_.now(), ConnectionId{}, ClientWord::Kind::Request, request.method + " " + request.target, request.body});
  }

  std::vector<ClientWord> words() const {
    const std::lock_guard lock(mutex_);
    return words_;
  }

  bool wait_for(const std::function<bool(const std::vector<ClientWord>&)>& done, Duration patience) const {
    std::unique_lock lock(mutex_);
    return news_.wait_for(lock, patience, [&] { return done(words_); });
  }

 private:
  // What the exchange says passes here, since it may be a close.
  class Connection final : public FrameSink {
   public:
    Connection(Journal& journal, std::string path, FrameSink& client)
        : journal_(journal), path_(std::move(path)), client_(client) {}
    void on_frame(const Frame& frame) override {
      if (frame.kind == FrameKind::Closed) journal_.note(frame);
      client_.on_frame(frame);
    }
    const std::string& path() const { return path_; }

   private:
    Journal& journal_;
    std::string path_;
    FrameSink& client_;
  };

  void note(const Frame& frame) {
    if (frame.kind == FrameKind::Text) keep(frame.connection, ClientWord::Kind::Text, std::string(frame.payload));
    if (frame.kind == FrameKind::Closed) keep(frame.connection, ClientWord::Kind::Closed, std::string(frame.payload));
  }
  void keep(ConnectionId connection, ClientWord::Kind kind, std::string text) {
    keep({clock_.now(), connection, kind, connections_.at(connection).path(), std::move(text)});
  }
  void keep(ClientWord word) {
    const std::lock_guard lock(mutex_);
    words_.push_back(std::move(word));
    news_.notify_all();
  }

  const Clock& clock_;
  Exchange* exchange_ = nullptr;
  std::map<ConnectionId, Connection> connections_;  // of the server's thread
  mutable std::mutex mutex_;
  mutable std::condition_variable news_;
  std::vector<ClientWord> words_;
};

// A file that goes with this object.
class AuthorityFile {
 public:
  AuthorityFile() = default;
  ~AuthorityFile() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  AuthorityFile(const AuthorityFile&) = delete;
  AuthorityFile& operator=(const AuthorityFile&) = delete;

  Result<void> write(const std::string& pem) {
    std::error_code error;
    std::string name = (std::filesystem::temp_directory_path(error) / "ktape-testing-XXXXXX").string();
    if (error || ::mkdtemp(name.data()) == nullptr) return fail(Errc::Io, fmt::format("cannot make a folder {}", name));
    folder_ = name;
    path_ = name + "/ca.pem";
    std::ofstream file(path_, std::ios::binary);
    file << pem;
    file.close();
    if (!file) return fail(Errc::Io, fmt::format("cannot write {}", path_));
    return {};
  }
  const std::string& path() const { return path_; }

 private:
  std::string folder_, path_;
};

Timestamp default_start() {
  return Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 9 / 1)) + std::chrono::hours(8);
}

}  // namespace

class KrakenServer::Impl {
 public:
  Impl(Timestamp start, KrakenServerOptions options) : options_(std::move(options)), clock_(start), journal_(clock_) {}

  ~Impl() {
    if (!thread_.joinable()) return;
    loop_.stop();
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> play(const std::string& recording, Dialect dialect, RecordingSurvey survey, InstrumentTable terms) {
    PlaybackOptions playback{};
    playback.dialect = dialect;
    playback.known_feeds = survey.feeds;
    playback.at_end = PlaybackEnd::RestartOnAttach;
    auto made = PlaybackExchange::create(
        clock_,
        [recording]() -> Result<std::unique_ptr<FrameSource>> {
          auto reader = open_segment(recording);
          if (!reader) return tl::unexpected<Error>(reader.error());
          return std::move(*reader);
        },
        std::move(playback));
    if (!made) return tl::unexpected<Error>(made.error());
    playback_ = std::move(*made);
    end_ = *survey.last_at;
    clock_.advance_to(clock_.now() + options_.start_offset);
    hosts_.emplace(clock_, *playback_,
                   hosts::KrakenHostsOptions{.accounts = std::move(options_.accounts),
                                             .watch = {.dialect = dialect,
                                                       .feeds = std::move(survey.feeds),
                                                       .known_terms = std::move(terms),
                                                       .known_products = std::move(survey.products)},
                                             .market_ended = [this] { return playback_->ended(); },
                                             .before_attach = [this] { playback_->wake(); }});
    clock_.advance_to(clock_.now());  // REST knows the market when the first client asks
    journal_.lead_to(*hosts_);
    return listen([this](const Endpoint& endpoint) { return hosts_->serves(endpoint); });
  }

  Result<void> serve(const MakeExchange& make) {
    end_ = clock_.now();
    own_ = make(clock_);
    journal_.lead_to(*own_);
    return listen([](const Endpoint&) { return true; });
  }

  // Runs `action` in the server's thread and waits for it.
  template <class Action>
  auto call(Action action) {
    std::packaged_task<decltype(action())()> task(std::move(action));
    auto done = task.get_future();
    loop_.post([&task] { task(); });
    return done.get();
  }

  Timestamp now() {
    return call([this] { return clock_.now(); });
  }
  void advance_to(Timestamp at) {
    call([this, at] { server_->advance_to(at); });
  }
  void advance(Duration span) {
    call([this, span] { server_->advance_to(clock_.now() + span); });
  }

  const Journal& journal() const { return journal_; }
  const KrakenServerOptions& options() const { return options_; }
  const TlsIdentity& identity() const { return identity_; }
  const std::string& ca_file() const { return authority_.path(); }
  std::string authority_of_url() const { return fmt::format("127.0.0.1:{}", port_); }
  Timestamp end() const { return end_; }

 private:
  Result<void> listen(std::function<bool(const Endpoint&)> accepts) {
    auto identity = make_tls_identity();
    if (!identity) return tl::unexpected<Error>(identity.error());
    identity_ = std::move(*identity);
    if (auto written = authority_.write(identity_.ca); !written) return written;
    MockServerOptions how;
    how.listen = {{.security = ListenAddress::Security::Both}};
    how.identity = identity_;
    how.pace = ServerPace::Manual;
    how.accepts = std::move(accepts);
    how.answer_http = [this](const net::HttpRequest& request) -> std::optional<net::HttpResponse> {
      journal_.asked(request);
      return hosts_ ? hosts_->answer(request) : std::nullopt;
    };
    server_.emplace(loop_.context(), journal_, clock_, std::move(how));
    const auto endpoints = server_->listen();
    if (!endpoints) return tl::unexpected<Error>(endpoints.error());
    port_ = endpoints->front().port;
    thread_ = std::thread([this] { loop_.run(); });
    return {};
  }

  KrakenServerOptions options_;
  TlsIdentity identity_;
  AuthorityFile authority_;
  std::uint16_t port_ = 0;
  Timestamp end_{};

  // Of the server's thread, once it runs.
  VirtualClock clock_;
  Journal journal_;
  LiveLoop loop_;
  std::unique_ptr<PlaybackExchange> playback_;
  std::unique_ptr<Exchange> own_;
  std::optional<hosts::KrakenHosts> hosts_;
  std::optional<MockServer> server_;
  std::thread thread_;
};

KrakenServer::KrakenServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KrakenServer::~KrakenServer() = default;

Result<std::unique_ptr<KrakenServer>> KrakenServer::play(const std::string& recording, KrakenServerOptions options) {
  auto reader = open_segment(recording);
  if (!reader) return tl::unexpected<Error>(reader.error());
  Dialect dialect = Dialect::SpotV2;
  if (const std::string& told = (*reader)->info().dialect; !told.empty()) {
    const auto known = parse_dialect(told);
    if (!known) return fail(Errc::Unsupported, fmt::format("{}: unknown dialect '{}'", recording, told));
    dialect = *known;
  }
  auto survey = survey_recording(**reader, dialect);
  if (!survey) return tl::unexpected<Error>(survey.error());
  if (!survey->first_at) return fail(Errc::NotFound, fmt::format("{}: the recording has no frames", recording));
  auto again = open_segment(recording);
  if (!again) return tl::unexpected<Error>(again.error());
  auto terms = told_terms(**again, dialect);
  if (!terms) return tl::unexpected<Error>(terms.error());

  auto impl = std::make_unique<Impl>(*survey->first_at, std::move(options));
  if (auto played = impl->play(recording, dialect, std::move(*survey), std::move(*terms)); !played) {
    return tl::unexpected<Error>(played.error());
  }
  return std::unique_ptr<KrakenServer>(new KrakenServer(std::move(impl)));
}

Result<std::unique_ptr<KrakenServer>> KrakenServer::serve(const MakeExchange& make, KrakenServerOptions options) {
  auto impl = std::make_unique<Impl>(default_start(), std::move(options));
  if (auto served = impl->serve(make); !served) return tl::unexpected<Error>(served.error());
  return std::unique_ptr<KrakenServer>(new KrakenServer(std::move(impl)));
}

std::string KrakenServer::url(std::string_view path) const {
  return fmt::format("wss://{}{}", impl_->authority_of_url(), path);
}
std::string KrakenServer::plain_url(std::string_view path) const {
  return fmt::format("ws://{}{}", impl_->authority_of_url(), path);
}
std::string KrakenServer::rest_url() const { return "https://" + impl_->authority_of_url(); }
const std::string& KrakenServer::ca() const { return impl_->identity().ca; }
const std::string& KrakenServer::ca_file() const { return impl_->ca_file(); }

Timestamp KrakenServer::now() const { return impl_->now(); }
void KrakenServer::advance(Duration span) { impl_->advance(span); }
void KrakenServer::advance_to(Timestamp at) { impl_->advance_to(at); }
Timestamp KrakenServer::end() const { return impl_->end(); }

std::vector<ClientWord> KrakenServer::journal() const { return impl_->journal().words(); }

bool KrakenServer::wait_for(const std::function<bool(const std::vector<ClientWord>&)>& done) const {
  return impl_->journal().wait_for(done, impl_->options().patience);
}

bool KrakenServer::wait_for_message(std::string_view part, std::size_t count) const {
  return wait_for([&](const std::vector<ClientWord>& words) {
    return static_cast<std::size_t>(std::count_if(words.begin(), words.end(), [part](const ClientWord& word) {
             return word.kind == ClientWord::Kind::Text && word.text.find(part) != std::string::npos;
           })) >= count;
  });
}

bool KrakenServer::wait_for_clients(std::size_t count) const {
  return wait_for([count](const std::vector<ClientWord>& words) {
    std::size_t open = 0;
    for (const ClientWord& word : words) {
      if (word.kind == ClientWord::Kind::Opened) ++open;
      if (word.kind == ClientWord::Kind::Closed) --open;
    }
    return open == count;
  });
}

void KrakenServer::run(const std::function<void()>& action) { impl_->call(action); }

}  // namespace ktape::testing
