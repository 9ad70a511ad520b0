// ccxt.pro's krakenfutures, with its own addresses: markets over REST, then books, trades and tickers as recorded.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import ccxt from 'ccxt';
import { parse } from './support/recording.mjs';

// The key is for the challenge of private feeds.
const exchange = new ccxt.pro.krakenfutures({
  newUpdates: true, enableRateLimit: false, apiKey: 'test-futures-key', secret: 'dGVzdC1zZWNyZXQ=',
});
const symbol = 'BTC/USD:USD';
const recorded = execFileSync(process.env.KTAPE, ['cat', process.env.KTAPE_RECORDING, '--format', 'payload', '--direction',
  'in', '--kind', 'text'], { encoding: 'utf8', maxBuffer: 1 << 30 }).split('\n').filter(Boolean).map(parse)
  .filter(({ event }) => event === undefined);

const market = (await exchange.loadMarkets())[symbol];
assert.deepEqual([market.id, market.swap, market.linear, market.precision.price], ['PF_XBTUSD', true, true, 1]);

// Kraken's books of Futures have no checksum. Here every state that the recording goes through, by its time.
const states = new Map();
const sides = { buy: new Map(), sell: new Map() };
const sorted = (side, order) => [...side].sort((a, b) => order * (a[0] - b[0]));
for (const message of recorded) {
  if (message.feed === 'book_snapshot') {
    for (const { price, qty } of message.bids) sides.buy.set(price, qty);
    for (const { price, qty } of message.asks) sides.sell.set(price, qty);
  } else if (message.feed === 'book') {
    if (message.qty === 0) sides[message.side].delete(message.price);
    else sides[message.side].set(message.price, message.qty);
  } else continue;
  if (!states.has(message.timestamp)) states.set(message.timestamp, []);
  states.get(message.timestamp).push(JSON.stringify([sorted(sides.buy, -1), sorted(sides.sell, 1)]));
}

const told = { books: 0, trades: 0, tickers: 0, 'private feeds': 0 };
let lastBook;
async function each(what, watch, take) {
  for (;;) {
    try {
      take(await watch());
      ++told[what];
    } catch (error) {
      assert.ok(error instanceof ccxt.NetworkError, `${what}: ${error.stack}`);
      assert.match(error.message, /1001/, what);
      return;
    }
  }
}
const trades = [];
const tickers = recorded.filter(({ feed }) => feed === 'ticker').map(({ bid, ask, last, time }) => [bid, ask, last, time]);
await Promise.all([
  each('books', () => exchange.watchOrderBook(symbol), (book) => {
    lastBook = JSON.stringify([book.bids, book.asks].map((side) => side.map(([price, amount]) => [price, amount])));
    assert.ok(states.get(book.timestamp)?.includes(lastBook), `the book of ${book.datetime}`);
  }),
  each('trades', () => exchange.watchTrades(symbol), (some) => trades.push(...some)),
  each('tickers', () => exchange.watchTicker(symbol), ({ bid, ask, last, info }) => {
    const fields = JSON.stringify([bid, ask, last, Number(info.time)]);
    assert.ok(tickers.some((one) => JSON.stringify(one) === fields), `a ticker that was not recorded: ${fields}`);
  }),
  each('private feeds', () => exchange.watchBalance(), (balance) => assert.equal(balance.USD.total, 250)),
]);
assert.equal(lastBook, [...states.values()].at(-1).at(-1), 'the book at the end');
const all = recorded.filter(({ feed }) => feed === 'trade').map(({ uid, price, qty, side }) => [uid, price, qty, side]);
const seen = trades.map(({ id, price, amount, side }) => [id, price, amount, side]);
assert.deepEqual(seen.slice(-50), all.slice(-50));
assert.ok(told.books > 100 && seen.length > 50 && told.tickers > 20, JSON.stringify(told));
await exchange.close();
console.log(Object.entries(told).map(([what, count]) => `${count} ${what}`).join(', '));
