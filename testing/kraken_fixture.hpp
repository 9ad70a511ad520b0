#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "testing/kraken_server.hpp"
#include "testing/scripted_exchange.hpp"

namespace ktape::testing {

// A test with an exchange of its own:
//
//   class BotTest : public ktape::testing::KrakenFixture {};
//
//   TEST_F(BotTest, SubscribesAtOnce) {
//     play("session.ktape");
//     Bot bot(kraken().url(), kraken().ca_file());
//     EXPECT_TRUE(kraken().wait_for_message(R"("channel":"book")"));
//     kraken().advance(std::chrono::minutes(1));
//   }
class KrakenFixture : public ::testing::Test {
 protected:
  // Fails the test if the recording cannot be served.
  KrakenServer& play(const std::string& recording, KrakenServerOptions options = {}) {
    return keep(KrakenServer::play(recording, std::move(options)));
  }

  // Serves what `prepare` teaches the exchange. It may be taught more later, by script().
  KrakenServer& serve_script(const std::function<void(ScriptedExchange&)>& prepare, KrakenServerOptions options = {}) {
    return keep(KrakenServer::serve(
        [&](TimerService& timers) {
          auto exchange = std::make_unique<ScriptedExchange>(timers);
          script_ = exchange.get();
          prepare(*exchange);
          return exchange;
        },
        std::move(options)));
  }

  // After play() or serve_script().
  KrakenServer& kraken() {
    if (!kraken_) throw std::logic_error("play() or serve_script() comes first");
    return *kraken_;
  }

  // Runs `action` with the exchange of serve_script(), in its own thread.
  void script(const std::function<void(ScriptedExchange&)>& action) {
    if (script_ == nullptr) throw std::logic_error("serve_script() comes first");
    kraken().run([&] { action(*script_); });
  }

 private:
  KrakenServer& keep(Result<std::unique_ptr<KrakenServer>> server) {
    if (!server) throw std::runtime_error("cannot serve: " + server.error().detail);
    kraken_ = std::move(*server);
    return *kraken_;
  }

  std::unique_ptr<KrakenServer> kraken_;
  ScriptedExchange* script_ = nullptr;  // lives in the server
};

}  // namespace ktape::testing
