// ccxt.pro's kraken, with the addresses that it was published with: what its watch methods return is what was recorded.
import assert from 'node:assert/strict';
import ccxt from 'ccxt';
import { checksum } from './support/book.mjs';
import * as recording from './support/recording.mjs';

const exchange = new ccxt.pro.kraken({ newUpdates: true, enableRateLimit: false });
const symbol = 'BTC/USD';
const told = {};

// Calls `watch` again and again, until the recording has ended and the connection with it.
async function each(what, watch, take) {
  told[what] = 0;
  for (;;) {
    let result;
    try {
      result = await watch();
    } catch (error) {
      assert.ok(error instanceof ccxt.NetworkError, `${what}: ${error.stack}`);
      assert.match(error.message, /1001/, what);
      return;
    }
    ++told[what];
    take(result);
  }
}

const markets = await exchange.loadMarkets();
const market = markets[symbol];
assert.deepEqual([market.id, market.precision.price, market.precision.amount],
  ['XXBTZUSD', 0.1, 1e-8]);

// The checksum that Kraken told with each change of the book.
const checksums = new Map();
for (const { text } of recording.messages('book', symbol)) {
  const [data] = JSON.parse(text).data;
  if (!checksums.has(data.timestamp)) checksums.set(data.timestamp, []);
  checksums.get(data.timestamp).push(data.checksum);
}
function checkBook(book) {
  const digits = (levels) => levels.map(([price, amount]) => [price.toFixed(1), amount.toFixed(8)]);
  const mine = checksum(digits(book.asks), digits(book.bids));
  assert.equal(book.asks.length, 25);
  if (book.datetime !== undefined) assert.ok(checksums.get(book.datetime).includes(mine), `the book of ${book.datetime}`);
}

const trades = [];
const tickers = [];
const candles = new Map();
await Promise.all([
  each('books', () => exchange.watchOrderBook(symbol, 25), checkBook),
  each('trades', () => exchange.watchTrades(symbol), (some) => trades.push(...some)),
  each('tickers', () => exchange.watchTicker(symbol), (ticker) => tickers.push(ticker)),
  each('candles', () => exchange.watchOHLCV(symbol, '1m'), (some) => some.forEach((one) => candles.set(one[0], one))),
]);

// Every trade from the first one that was seen on, each once.
const recorded = recording.events('trade', symbol).map((trade) => ({
  id: String(trade.trade_id), side: trade.side, price: Number(trade.price), amount: Number(trade.quantity),
  timestamp: Number(trade.exchange_time / 1_000_000n),
}));
const seen = trades.map(({ id, side, price, amount, timestamp }) => ({ id, side, price, amount, timestamp }));
assert.deepEqual(seen, recorded.slice(recorded.findIndex(({ id }) => id === seen[0].id)));

// Each ticker is one that was recorded, in their order; the last one is the last one.
const said = recording.events('ticker', symbol).map((one) =>
  [one.bid, one.ask, one.last, one.volume, one.vwap, one.high, one.low].map(Number));
let place = -1;
for (const one of tickers) {
  const fields = [one.bid, one.ask, one.last, one.baseVolume, one.vwap, one.high, one.low];
  place = said.findIndex((row, i) => i >= place && row.every((value, j) => value === fields[j]));
  assert.ok(place >= 0, `a ticker that was not recorded, or not there: ${fields}`);
}
assert.equal(place, said.length - 1, 'the last ticker');

// Each minute is in the end what Kraken said of it last.
const last = new Map(recording.events('candle', symbol).filter(({ source }) => source === 'exchange')
  .map((one) => [Number(one.begin / 1_000_000n), [one.open, one.high, one.low, one.close, one.volume].map(Number)]));
assert.ok(candles.size >= 2);
for (const [begin, [, ...values]] of candles) assert.deepEqual(values, last.get(begin), `the candle of ${begin}`);

assert.ok(told.books > 100 && trades.length > 20, JSON.stringify(told));
await exchange.close();
console.log(Object.entries(told).map(([what, count]) => `${count} ${what}`).join(', '));
