#include "cli/record/settings.hpp"

#include <gmock/gmock.h>

#include "cli/record/config.hpp"

namespace ktape::cli {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kPath = "kraken.yaml";

Settings line(std::initializer_list<std::pair<std::string_view, std::string_view>> given) {
  Settings out;
  for (const auto& [name, value] : given) {
    out.emplace(name, from_text(*find_setting(name), value, "--" + std::string(name)));
  }
  return out;
}

Result<RecordConfig> config(const Settings& command_line, std::string_view yaml = "") {
  auto file = parse_settings(yaml, kPath);
  if (!file) return tl::unexpected<Error>(file.error());
  return make_config(effective(command_line, *file));
}

std::string refusal(std::string_view yaml) {
  const auto made = config(line({{"output", "x.ktape"}}), yaml);
  return made ? "taken" : made.error().detail;
}

TEST(RecordSettings, HaveAMeaningWithoutAnyBeingGiven) {
  const auto made = config(line({{"output", "x.ktape"}})).value();
  ASSERT_EQ(made.feeds.size(), 1U);
  const FeedConfig& feed = made.feeds[0];
  EXPECT_EQ(feed.endpoint.url(), "wss://ws.kraken.com/v2");
  EXPECT_THAT(feed.channels,
              ElementsAre(Channel::Instrument, Channel::Ticker, Channel::Book, Channel::Trade, Channel::Ohlc));
  EXPECT_THAT(feed.symbols, ElementsAre("BTC/USD"));
  EXPECT_EQ(feed.depth, 10);
  EXPECT_THAT(feed.ohlc_minutes, ElementsAre(1));
  EXPECT_EQ(made.sync_interval, 1s);
  EXPECT_EQ(made.queue_bytes, std::size_t{64} << 20U);
  EXPECT_TRUE(made.with_instrument);
  ASSERT_TRUE(made.rest.has_value());
  EXPECT_EQ(made.rest->host, "api.kraken.com");
  EXPECT_FALSE(made.ring.has_value());
  EXPECT_FALSE(made.metrics.has_value());
}

TEST(RecordSettings, ComeFromAFileAsWell) {
  const auto made = config({}, R"(
output: 'kraken-{segment:04}.ktape'
max-size: 1GB
max-duration: 1h
queue-policy: drop
with: [instrument]
metrics: 127.0.0.1:9464
channels: [book, trade]
feeds:
  - symbols: [BTC/USD, ETH/USD]
    depth: 100
  - url: ws://127.0.0.1:8080/v2
    all-symbols: true
    quote: USD,EUR
    channels: ohlc
    interval: [1, 5]
)")
                        .value();
  EXPECT_EQ(made.output, "kraken-{segment:04}.ktape");
  EXPECT_EQ(made.max_segment_bytes, 1'000'000'000U);
  EXPECT_EQ(made.max_segment_span, 1h);
  EXPECT_TRUE(made.drop_when_full);
  EXPECT_FALSE(made.rest.has_value()) << "asset-pairs was not asked for";
  EXPECT_EQ(made.metrics->host, "127.0.0.1");
  EXPECT_EQ(made.metrics->port, 9464);
  ASSERT_EQ(made.feeds.size(), 2U);
  EXPECT_THAT(made.feeds[0].symbols, ElementsAre("BTC/USD", "ETH/USD"));
  EXPECT_THAT(made.feeds[0].channels, ElementsAre(Channel::Book, Channel::Trade)) << "from the top level";
  EXPECT_EQ(made.feeds[0].depth, 100);
  EXPECT_TRUE(made.feeds[1].all_symbols);
  EXPECT_THAT(made.feeds[1].quotes, ElementsAre("USD", "EUR"));
  EXPECT_THAT(made.feeds[1].channels, ElementsAre(Channel::Ohlc));
  EXPECT_THAT(made.feeds[1].ohlc_minutes, ElementsAre(1, 5));
}

TEST(RecordSettings, TellOfASnapshotMode) {
  const auto made =
      config({}, "output: x\nsnapshot-mode: 10m\ntrigger: [checksum, trade-gap]\nring-bytes: 1GiB\n").value();
  EXPECT_EQ(made.ring->span, 10min);
  EXPECT_EQ(made.ring->bytes, std::size_t{1} << 30U);
  EXPECT_THAT(made.ring->triggers, ElementsAre(TriggerKind::Checksum, TriggerKind::TradeGap));
  EXPECT_THAT(config({}, "output: x\nsnapshot-mode: 10m\ntrigger: none\n").value().ring->triggers, IsEmpty());
  EXPECT_THAT(refusal("snapshot-mode: 10m\nmax-size: 1GB\n"), StartsWith("kraken.yaml:2: max-size: has no meaning"));
}

TEST(RecordSettings, OfTheCommandLineWinOverTheFile) {
  const auto made =
      config(line({{"output", "mine.ktape"}, {"depth", "25"}, {"symbols", "SOL/USD"}, {"level", "3"}}),
             "output: theirs.ktape\nlevel: 19\nfeeds:\n- {depth: 100, all-symbols: true}\n- {depth: 500}\n")
          .value();
  EXPECT_EQ(made.output, "mine.ktape");
  EXPECT_EQ(made.level, 3);
  for (const FeedConfig& feed : made.feeds) {
    EXPECT_EQ(feed.depth, 25);
    EXPECT_FALSE(feed.all_symbols);
    EXPECT_THAT(feed.symbols, ElementsAre("SOL/USD"));
  }
}

TEST(RecordSettings, SayWhereInTheFileSomethingIsWrong) {
  EXPECT_THAT(refusal("depth: 10\nsymbol: BTC/USD\n"), AllOf(StartsWith("kraken.yaml:2: "), HasSubstr("'symbol'")));
  EXPECT_THAT(refusal("\ndepth: deep\n"), AllOf(StartsWith("kraken.yaml:2: depth: "), HasSubstr("'deep'")));
  EXPECT_THAT(refusal("depth: 11\n"), AllOf(StartsWith("kraken.yaml:1: depth: "), HasSubstr("11")));
  EXPECT_THAT(refusal("depth: [10]\n"), StartsWith("kraken.yaml:1: depth: a single value expected, not a sequence"));
  EXPECT_THAT(refusal("symbols: {a: b}\n"), StartsWith("kraken.yaml:1: symbols: a list expected, not a mapping"));
  EXPECT_THAT(refusal("symbols:\n  - [BTC/USD]\n"), StartsWith("kraken.yaml:2: symbols: a list of words expected"));
  EXPECT_THAT(refusal("symbols:\n"), AllOf(StartsWith("kraken.yaml:1: symbols: "), HasSubstr("nothing")));
  EXPECT_THAT(refusal("symbols: [BTC/USD, XBT/EUR]\n"),
              AllOf(StartsWith("kraken.yaml:1: symbols: "), HasSubstr("'XBT/EUR'")));
  EXPECT_THAT(refusal("symbols: [BTC/USD, BTC/USD]\n"), HasSubstr("symbols: 'BTC/USD' is there twice"));
  EXPECT_THAT(refusal("all-symbols: maybe\n"), AllOf(StartsWith("kraken.yaml:1: all-symbols: "), HasSubstr("'maybe'")));
  EXPECT_THAT(refusal("all-symbols: true\nsymbols: BTC/USD\n"), HasSubstr("all-symbols: symbols are named as well"));
  EXPECT_THAT(refusal("quote: USD\n"), HasSubstr("--all-symbols"));
  EXPECT_THAT(refusal("depth: 10\ndepth: 25\n"), StartsWith("kraken.yaml:2: depth: this key was there before"));
  EXPECT_THAT(refusal("feeds: book\n"), StartsWith("kraken.yaml:1: feeds: a sequence of feeds expected"));
  EXPECT_THAT(refusal("feeds: []\n"), StartsWith("kraken.yaml:1: feeds: "));
  EXPECT_THAT(refusal("feeds:\n- depth: 25\n- level: 3\n"), StartsWith("kraken.yaml:3: level: concerns the whole"));
  EXPECT_THAT(refusal("feeds:\n- {depth: 25}\n- {interval: [1, 7]}\n"), StartsWith("kraken.yaml:3: interval: "));
  EXPECT_THAT(refusal("- depth\n"), StartsWith("kraken.yaml:1: keys with values expected, not a sequence"));
  EXPECT_THAT(refusal("depth: [10\n"), StartsWith("kraken.yaml:2: "));
  EXPECT_THAT(refusal("depth: 10\n---\ndepth: 25\n"), AllOf(StartsWith("kraken.yaml: "), HasSubstr("2 documents")));
  EXPECT_THAT(refusal("max-size: 1 parsec\n"), AllOf(StartsWith("kraken.yaml:1: max-size: "), HasSubstr("'1 parsec'")));
  EXPECT_THAT(refusal("metrics: 127.0.0.1\n"), StartsWith("kraken.yaml:1: metrics: "));
  EXPECT_THAT(refusal("trigger: [checksum, tuesday]\n"),
              AllOf(StartsWith("kraken.yaml:1: trigger: "), HasSubstr("'tuesday'")));
  EXPECT_THAT(refusal("rest: http://api.kraken.com\n"),
              AllOf(StartsWith("kraken.yaml:1: rest: "), HasSubstr("loopback")));
  EXPECT_THAT(refusal("with: [instruments]\n"), AllOf(StartsWith("kraken.yaml:1: with: "), HasSubstr("'instruments'")));
  EXPECT_EQ(refusal(""), "taken");
}

TEST(RecordSettings, NameTheOptionThatIsWrong) {
  const auto made = config(line({{"output", "x"}, {"level", "20"}}));
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().detail, "--level: '20' is no whole number from 1 to 19");
  const auto without = config({});
  ASSERT_FALSE(without.has_value());
  EXPECT_THAT(without.error().detail, StartsWith("--output: "));
}

TEST(RecordSettings, OfAnotherExchangeHaveNoRestUnlessItIsNamed) {
  EXPECT_FALSE(config(line({{"output", "x"}, {"url", "ws://127.0.0.1:1/v2"}})).value().rest.has_value());
  EXPECT_FALSE(config(line({{"output", "x"}, {"url", "wss://notkraken.com/v2"}})).value().rest.has_value());
  const auto told = config(line({{"output", "x"}, {"url", "ws://127.0.0.1:1/v2"}, {"rest", "http://127.0.0.1:2"}}));
  EXPECT_EQ(told.value().rest->port, 2);
  EXPECT_FALSE(config(line({{"output", "x"}, {"with", "none"}})).value().with_instrument);
}

TEST(RecordSettings, NameWhatIsAskedOfRest) {
  const auto told = config(line({{"output", "x"}, {"with", "ohlc,instrument,time"}}));
  EXPECT_THAT(told.value().rest_methods, ElementsAre(RestMethod::Ohlc, RestMethod::Time));
  EXPECT_TRUE(told.value().with_instrument);
  EXPECT_EQ(told.value().rest->host, "api.kraken.com");
  EXPECT_THAT(config(line({{"output", "x"}})).value().rest_methods, ElementsAre(RestMethod::AssetPairs));

  const auto against = [](const Settings& settings) { return config(settings).error().detail; };
  EXPECT_THAT(against(line({{"output", "x"}, {"with", "time"}, {"url", "ws://127.0.0.1:1/v2"}})),
              AllOf(StartsWith("--with: "), HasSubstr("--rest")));
  EXPECT_THAT(against(line({{"output", "x"}, {"with", "depth"}, {"all-symbols", "true"}})),
              AllOf(StartsWith("--with: "), HasSubstr("need --symbols")));
  EXPECT_THAT(against(line({{"output", "x"},
                            {"with", "time"},
                            {"dialect", "futures-v1"},
                            {"symbols", "PF_XBTUSD"},
                            {"channels", "book"},
                            {"url", "wss://futures.kraken.com/ws/v1"}})),
              AllOf(StartsWith("--with: "), HasSubstr("Futures")));
  EXPECT_THAT(against(line({{"output", "x"}, {"with", "spread"}})), StartsWith("--with: 'spread'"));
}

TEST(RecordSettings, CanBePrintedAndReadAgain) {
  const auto settings = effective(
      line({{"for", "5m"}}),
      parse_settings(
          "output: '{utc:%Y}: \"a\" # b.ktape'\nfeeds:\n- {all-symbols: true, quote: [USD]}\n- {depth: 25}\n", kPath)
          .value());
  const std::string text = to_yaml(settings);
  const auto again = effective({}, parse_settings(text, "printed").value());
  EXPECT_EQ(to_yaml(again), text);
  const auto made = make_config(again).value();
  EXPECT_EQ(made.output, "{utc:%Y}: \"a\" # b.ktape");
  EXPECT_EQ(made.length, 5min);
  EXPECT_TRUE(made.feeds[0].all_symbols);
  EXPECT_THAT(made.feeds[0].symbols, IsEmpty());
  EXPECT_EQ(made.feeds[1].depth, 25);
}

TEST(RecordSettings, ReadSizes) {
  EXPECT_EQ(parse_bytes("4096").value(), 4096U);
  EXPECT_EQ(parse_bytes("64MiB").value(), 64U << 20U);
  EXPECT_EQ(parse_bytes("1.5kB").value(), 1500U);
  EXPECT_EQ(parse_bytes("2GB").value(), 2'000'000'000U);
  EXPECT_EQ(parse_bytes("7B").value(), 7U);
  for (const char* const wrong : {"", "0", "-1", "GB", "1XB", "1 GB", "1e30", "99999999999TB", "0.1B"}) {
    EXPECT_FALSE(parse_bytes(wrong).has_value()) << wrong;
  }
}

TEST(RecordSettings, HaveTheStandardsOfTheirDialect) {
  const auto v1 = config(line({{"output", "x.ktape"}, {"dialect", "spot-v1"}})).value();
  EXPECT_EQ(v1.dialect, Dialect::SpotV1);
  EXPECT_EQ(v1.feeds[0].endpoint.url(), "wss://ws.kraken.com/");
  EXPECT_THAT(v1.feeds[0].symbols, ElementsAre("BTC/USD")) << "XBT/USD on the wire only";
  EXPECT_THAT(v1.feeds[0].channels,
              ElementsAre(Channel::Ticker, Channel::Book, Channel::Trade, Channel::Spread, Channel::Ohlc));
  EXPECT_TRUE(v1.rest.has_value());

  const auto futures = config({}, "output: x.ktape\ndialect: futures-v1\nsymbols: [pf_xbtusd, PI_ETHUSD]\n").value();
  EXPECT_EQ(futures.dialect, Dialect::FuturesV1);
  EXPECT_EQ(futures.feeds[0].endpoint.url(), "wss://futures.kraken.com/ws/v1");
  EXPECT_THAT(futures.feeds[0].symbols, ElementsAre("PF_XBTUSD", "PI_ETHUSD"));
  EXPECT_THAT(futures.feeds[0].channels,
              ElementsAre(Channel::Ticker, Channel::Book, Channel::Trade, Channel::Heartbeat));
  EXPECT_FALSE(futures.rest.has_value()) << "the pairs of Spot say nothing of it";
}

TEST(RecordSettings, RefuseWhatADialectDoesNotHave) {
  EXPECT_THAT(refusal("dialect: spot-v3\n"), AllOf(StartsWith("kraken.yaml:1: dialect: "), HasSubstr("'spot-v3'")));
  EXPECT_THAT(refusal("dialect: futures\ndepth: 25\n"), "kraken.yaml:2: depth: has no meaning in futures-v1");
  EXPECT_THAT(refusal("dialect: spot-v1\nticker-trigger: bbo\n"),
              "kraken.yaml:2: ticker-trigger: has no meaning in spot-v1");
  EXPECT_THAT(refusal("dialect: spot-v1\nchannels: instrument\n"), HasSubstr("'instrument'"));
  EXPECT_THAT(refusal("dialect: spot-v1\nall-symbols: true\n"), HasSubstr("spot-v1 has no channel that lists them"));
  EXPECT_THAT(refusal("feeds:\n  - dialect: spot-v1\n  - dialect: futures\n"),
              "kraken.yaml:3: dialect: spot-v1 and futures-v1 cannot go into one recording: each needs one of its own");
}

TEST(RecordSettings, ThatArePrintedAreReadAgainInEveryDialect) {
  for (const std::string dialect : {"spot-v1", "futures-v1"}) {
    const auto settings = effective(line({{"output", "x.ktape"}, {"dialect", dialect}}), {});
    const auto again = effective({}, parse_settings(to_yaml(settings), kPath).value());
    EXPECT_EQ(to_yaml(again), to_yaml(settings));
    EXPECT_TRUE(make_config(again).has_value()) << to_yaml(settings);
  }
}

TEST(RecordSettings, GiveEachHostConnectionsOfItsOwn) {
  const auto made = config(line({{"output", "x.ktape"},
                                 {"symbols", "BTC/USD,ETH/USD"},
                                 {"channels", "executions,book,level3,balances,trade"}}))
                        .value();
  ASSERT_EQ(made.feeds.size(), 3U);
  EXPECT_EQ(made.feeds[0].endpoint.url(), "wss://ws.kraken.com/v2");
  EXPECT_THAT(made.feeds[0].channels, ElementsAre(Channel::Book, Channel::Trade));
  EXPECT_FALSE(made.feeds[0].authorised);
  EXPECT_EQ(made.feeds[1].endpoint.url(), "wss://ws-l3.kraken.com/v2");
  EXPECT_THAT(made.feeds[1].channels, ElementsAre(Channel::Level3));
  EXPECT_THAT(made.feeds[1].symbols, ElementsAre("BTC/USD", "ETH/USD"));
  EXPECT_TRUE(made.feeds[1].authorised);
  EXPECT_EQ(made.feeds[2].endpoint.url(), "wss://ws-auth.kraken.com/v2");
  EXPECT_THAT(made.feeds[2].channels, ElementsAre(Channel::Executions, Channel::Balances));
  EXPECT_THAT(made.feeds[2].symbols, IsEmpty());
  EXPECT_TRUE(made.feeds[2].authorised);
  ASSERT_TRUE(made.account.has_value());
  EXPECT_EQ(made.account->rest->host, "api.kraken.com");
}

TEST(RecordSettings, FindTheOtherHostsOfABetaOrAMockServerToo) {
  const auto beta =
      config(line({{"output", "x.ktape"}, {"channels", "level3"}, {"url", "wss://beta-ws.kraken.com/v2"}})).value();
  EXPECT_EQ(beta.feeds[0].endpoint.url(), "wss://beta-ws-l3.kraken.com/v2");
  const auto mock = config(line({{"output", "x.ktape"},
                                 {"dialect", "spot-v1"},
                                 {"channels", "ownTrades"},
                                 {"rest", "https://127.0.0.1:8443"},
                                 {"url", "wss://127.0.0.1:8443/"}}))
                        .value();
  EXPECT_EQ(mock.feeds[0].endpoint.url(), "wss://127.0.0.1:8443/v1/auth");
  EXPECT_EQ(mock.account->rest->port, 8443);
  const auto futures =
      config(line({{"output", "x.ktape"}, {"dialect", "futures"}, {"channels", "book,fills"}})).value();
  ASSERT_EQ(futures.feeds.size(), 1U);
  EXPECT_TRUE(futures.feeds[0].authorised);
  EXPECT_FALSE(futures.account->rest.has_value());
}

TEST(RecordSettings, RefuseCredentialsThatNobodyNeeds) {
  EXPECT_THAT(refusal("credentials: keys\n"), "kraken.yaml:1: credentials: no channel is named that needs an API key");
  EXPECT_THAT(refusal("credentials: keys\nlisten: 0\n"), HasSubstr("has no meaning with --listen"));
  EXPECT_THAT(refusal("channels: executions\nurl: ws://127.0.0.1:1/v2\n"), HasSubstr("a token comes from there"));
  EXPECT_THAT(refusal("channels: level3\nall-symbols: true\n"), HasSubstr("level3 is for symbols that are named"));
  EXPECT_THAT(refusal("channels: level3\ndepth: 25\n"), AllOf(HasSubstr("depth"), HasSubstr("25")));
}

}  // namespace
}  // namespace ktape::cli
