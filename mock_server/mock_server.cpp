#include "mock_server/mock_server.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "mock_server/client_link.hpp"
#include "mock_server/listener.hpp"

namespace ktape {

class MockServer::Impl {
 public:
  Impl(boost::asio::io_context& io, Exchange& exchange, VirtualClock& clock, MockServerOptions options)
      : core_{io, exchange, clock, std::move(options), {}} {
    KTAPE_ASSERT(core_.options.log && core_.options.accepts, "an empty function among the server's options");
  }

  ~Impl() {
    for (const auto& listener : listeners_) listener->close();
    if (pace_) pace_->stop();
    core_.clients.clear();
  }

  Result<std::vector<Endpoint>> listen() {
    KTAPE_ASSERT(!pace_, "listen() called twice");
    const MockServerOptions& options = core_.options;
    if (options.rate.numerator == 0 || options.rate.denominator == 0) {
      return fail(Errc::InvalidArgument, fmt::format("a rate of {}/{} makes no sense: both parts must be positive",
                                                     options.rate.numerator, options.rate.denominator));
    }
    std::shared_ptr<boost::asio::ssl::context> tls;
    if (options.identity) {
      auto made = make_server_tls(*options.identity);
      if (!made) return tl::unexpected(made.error());
      tls = std::move(*made);
    }
    Listener::Troubles troubles;
    if (auto made = troubles_on_purpose(); made) {
      troubles = std::move(*made);
    } else {
      return tl::unexpected(made.error());
    }
    std::vector<Endpoint> endpoints;
    for (const ListenAddress& address : options.listen) {
      if (address.security != ListenAddress::Security::Plain && !tls) {
        return fail(Errc::InvalidArgument,
                    fmt::format("cannot listen on {} with TLS: no certificate is given", address.host));
      }
      const auto listener = std::make_shared<Listener>(core_.io, address, tls, options.handshake_timeout, troubles);
      if (auto opened = listener->open(); !opened) return tl::unexpected(opened.error());
      for (Endpoint& endpoint : listener->endpoints()) endpoints.push_back(std::move(endpoint));
      listeners_.push_back(listener);
    }
    pace_ = options.pace == ServerPace::Lockstep ? make_lockstep_pace(core_) : make_direct_pace(core_);
    core_.pace = pace_.get();
    for (const auto& listener : listeners_) {
      listener->start([this](Listener::Arrival arrival) { arrived(std::move(arrival)); }, options.log);
    }
    return endpoints;
  }

  void stop() {
    core_.stopping = true;
    for (const auto& listener : std::exchange(listeners_, {})) listener->close();
    if (!pace_) return;
    pace_->stop();
    for (const auto& [id, client] : core_.clients) client->close({1001, "the server is shutting down"});
  }

  std::size_t clients() const {
    return static_cast<std::size_t>(std::count_if(core_.clients.begin(), core_.clients.end(),
                                                  [](const auto& entry) { return entry.second->attached(); }));
  }

  std::size_t connections() const { return core_.clients.size(); }

  Pace* pace() { return pace_.get(); }

 private:
  Result<Listener::Troubles> troubles_on_purpose() {
    const MockServerOptions& options = core_.options;
    Listener::Troubles troubles;
    for (const auto& [trouble, identity] : options.troubled) {
      auto made = make_server_tls(identity);
      if (!made) return tl::unexpected(made.error());
      troubles.contexts.emplace(trouble, std::move(*made));
    }
    if (options.refuses_socket) {
      troubles.refuses_socket = [this] {
        bool refused = false;
        pace_->at_present([&] { refused = core_.options.refuses_socket(); });
        return refused;
      };
    }
    if (options.fails_handshake) {
      troubles.fails_handshake = [this] {
        std::optional<TlsTrouble> trouble;
        pace_->at_present([&] { trouble = core_.options.fails_handshake(); });
        return trouble;
      };
    }
    return troubles;
  }

  void arrived(Listener::Arrival arrival) {
    if (core_.clients.size() >= core_.options.max_clients) {
      core_.options.log(fmt::format("a client was turned away: there are {} already", core_.clients.size()));
      arrival.stream.abort();
      return;
    }
    core_.add(std::move(arrival.stream), std::move(arrival.local), std::move(arrival.client_address));
  }

  ServerCore core_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::unique_ptr<Pace> pace_;
};

MockServer::MockServer(boost::asio::io_context& io, Exchange& exchange, VirtualClock& clock, MockServerOptions options)
    : impl_(std::make_unique<Impl>(io, exchange, clock, std::move(options))) {}

MockServer::~MockServer() = default;

Result<std::vector<Endpoint>> MockServer::listen() { return impl_->listen(); }
void MockServer::stop() { impl_->stop(); }
std::size_t MockServer::clients() const { return impl_->clients(); }

std::size_t MockServer::connections() const { return impl_->connections(); }
bool MockServer::advance_to(Timestamp at) {
  if (!stands()) return false;
  impl_->pace()->advance_to(at);
  return true;
}
bool MockServer::stands() const {
  const Pace* const pace = impl_->pace();
  return pace != nullptr && pace->stands();
}
bool MockServer::is_paused() const {
  const Pace* const pace = impl_->pace();
  return pace != nullptr && pace->is_paused();
}
bool MockServer::set_rate(Rate rate) {
  Pace* const pace = impl_->pace();
  return pace != nullptr && pace->set_rate(rate);
}
void MockServer::at_present(const std::function<void()>& action) {
  if (Pace* const pace = impl_->pace()) pace->at_present(action);
}
void MockServer::pause() {
  if (Pace* const pace = impl_->pace()) pace->pause();
}
void MockServer::resume() {
  if (Pace* const pace = impl_->pace()) pace->resume();
}

}  // namespace ktape
