// kill -9 of `ktape record` at any moment.
#include <csignal>
#include <map>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>

#include "mock_server/mock_server.hpp"
#include "recorder/file_sink.hpp"
#include "replay/file_source.hpp"
#include "replay/playback_exchange.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

Result<std::unique_ptr<FrameSource>> open_market(const std::string& path) {
  auto reader = SessionReader::open(FileSource::open(path).value());
  if (!reader) return tl::unexpected<Error>(reader.error());
  return std::move(*reader);
}

// Passes on, and keeps what the clients are told.
class Overhearing final : public Exchange {
 public:
  explicit Overhearing(Exchange& inner) : inner_(inner) {}
  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override {
    inner_.attach(connection, endpoint, ears_.try_emplace(connection, client, told).first->second);
  }
  void on_frame(const Frame& frame) override { inner_.on_frame(frame); }

  std::vector<std::string> told;

 private:
  class Ear final : public FrameSink {
   public:
    Ear(FrameSink& client, std::vector<std::string>& told) : client_(client), told_(told) {}
    void on_frame(const Frame& frame) override {
      if (frame.kind == FrameKind::Text) told_.emplace_back(frame.payload);
      client_.on_frame(frame);
    }

   private:
    FrameSink& client_;
    std::vector<std::string>& told_;
  };

  Exchange& inner_;
  std::map<ConnectionId, Ear> ears_;
};

struct Killed {
  std::vector<std::string> told;  // by the exchange, all it had said by then
  std::string events;             // the event log that the program left
};

// Plays the market to `ktape record` in lockstep, and kills it when the exchange has said `words` and done up to
// `steps` more: between any two things that happen on the line, or in the middle of one.
Killed record_and_kill(const std::string& market, const std::string& out, std::size_t words, std::uint64_t steps) {
  boost::asio::io_context io;
  VirtualClock clock((*open_market(market).value()->next())->at);
  const auto playback = PlaybackExchange::create(clock, [&] { return open_market(market); }).value();
  Overhearing exchange(*playback);
  MockServerOptions options;
  options.pace = ServerPace::Lockstep;
  MockServer server(io, exchange, clock, std::move(options));
  Endpoint endpoint = server.listen().value().front();
  endpoint.target = "/v2";

  Process program(ktape({"record", "--url", endpoint.url(), "--clock", "server", "--symbols", "BTC/USD", "--events",
                         out + ".events", "-o", out}));
  while (exchange.told.size() < words && program.collect(Duration::zero())) {
    io.run_one_for(std::chrono::milliseconds(10));
  }
  for (std::uint64_t i = 0; i < steps; ++i) io.poll_one();
  program.signal(SIGKILL);
  EXPECT_EQ(program.exit_code(), 128 + SIGKILL) << program.errors();
  return {std::move(exchange.told), read_file(out + ".events")};
}

TEST(Kill, LosesNothingThatTheProgramHasTold) {
  const TemporaryFolder folder;
  const std::string market = make_market(folder, "30s", "BTC/USD");
  const auto reader = open_market(market).value();
  std::size_t words = 0;
  while (const auto frame = reader->next().value()) {
    words += frame->kind == FrameKind::Text && frame->direction == Direction::FromExchange ? 1U : 0U;
  }
  ASSERT_GT(words, 100U);

  std::size_t told = 0;
  std::size_t kept = 0;
  std::ptrdiff_t lines = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::string out = folder.file(std::to_string(seed) + ".ktape");
    SeededNumbers numbers(seed);
    const std::size_t until = 1 + static_cast<std::size_t>(numbers.below(words - 20));
    const Killed killed = record_and_kill(market, out, until, numbers.below(6));

    // What is in the recording is what was said, from the first word on.
    const auto recording =
        SessionReader::open(FileSource::open(out).value(), FileSource::open(FileJournal::path_for(out)).value());
    ASSERT_TRUE(recording.has_value()) << recording.error().detail;
    std::vector<std::string> heard;
    for (const OwnedFrame& frame : read_all(**recording)) {
      if (frame.kind == FrameKind::Text && frame.direction == Direction::FromExchange) heard.push_back(frame.payload);
    }
    ASSERT_LE(heard.size(), killed.told.size());
    ASSERT_TRUE(std::equal(heard.begin(), heard.end(), killed.told.begin()));

    // The log is written after the commit: every event that it tells must come out of the recording again.
    const Ended replayed = run_ktape({"replay", out, "--events"});
    EXPECT_EQ(replayed.code, 0) << replayed.errors;
    ASSERT_TRUE(replayed.output.starts_with(killed.events))
        << "the log has " << killed.events.size() << " bytes, the replay " << replayed.output.size();

    const Ended verified = run_ktape({"verify", out, "--json"});
    EXPECT_TRUE(verified.code == 0 || verified.code == 3) << verified.code << verified.errors;
    EXPECT_THAT(verified.output, AnyOf(HasSubstr(R"("state":"recovered")"), HasSubstr(R"("state":"open")")));
    EXPECT_THAT(verified.output, HasSubstr(R"("checksums_failed":0,)"));
    EXPECT_THAT(verified.output, HasSubstr(R"("messages_unknown":0,)"));
    told += killed.told.size();
    kept += heard.size();
    lines += std::count(killed.events.begin(), killed.events.end(), '\n');
  }
  // Lockstep waits for the program, so most of what was said had been written by then.
  EXPECT_GT(kept, told / 2);
  EXPECT_GT(static_cast<std::size_t>(lines), kept / 2);
}

}  // namespace
}  // namespace ktape::test
