// ccxt.pro's kraken trading: an order that rests and is cancelled, one that is filled from the recorded book, and what
// the private channels and REST tell of both.
import assert from 'node:assert/strict';
import ccxt from 'ccxt';
import { messages } from './support/recording.mjs';
import { parseWithDigits } from './support/book.mjs';

const exchange = new ccxt.pro.kraken({ apiKey: 'test-key', secret: 'dGVzdC1zZWNyZXQ=', newUpdates: true, enableRateLimit: false });
const symbol = 'BTC/USD';
await exchange.loadMarkets();

// What the private channels told, in their order. Changes of an order name no symbol, so ccxt finds them only without one.
const orders = [];
const fills = [];
let open = true;
const listen = async (watch, into) => {
  while (open) into.push(...await watch().catch((error) => { if (open) throw error; return []; }));
};
const listening = [listen(() => exchange.watchOrders(), orders), listen(() => exchange.watchMyTrades(symbol), fills)];
const until = async (done, what) => {
  for (let tries = 0; !done(); ++tries) {
    assert.ok(tries < 1000, `nothing came of ${what}: ${JSON.stringify(orders.map(({ id, status }) => [id, status]))}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
};
const statuses = (id) => orders.filter((order) => order.id === id).map(({ status }) => status);

const before = await exchange.fetchBalance();
assert.deepEqual([before.total.USD, before.total.BTC], [10000, 1.5]);
const book = await exchange.watchOrderBook(symbol, 25);

// Far below the market: it rests, and is cancelled.
const resting = await exchange.createOrderWs(symbol, 'limit', 'buy', 0.01, 10000);
await until(() => statuses(resting.id).includes('open'), 'a resting order');
const held = await exchange.fetchOpenOrders(symbol);
assert.deepEqual(held.map(({ id, price, amount, filled, side }) => [id, price, amount, filled, side]),
  [[resting.id, 10000, 0.01, 0, 'buy']]);
await exchange.cancelOrderWs(resting.id);
await until(() => statuses(resting.id).includes('canceled'), 'a cancel');
assert.equal((await exchange.fetchOpenOrders(symbol)).length, 0);
await assert.rejects(exchange.cancelOrderWs(resting.id), /EOrder:Unknown order/);
await assert.rejects(exchange.createOrderWs(symbol, 'limit', 'buy', 5, 10000), /EOrder:Insufficient funds/);

// Across the market: it is filled at prices that the recorded book displayed.
const asked = new Set(messages('book', symbol)
  .flatMap(({ text }) => parseWithDigits(text).data[0].asks.map(({ price }) => Number(price))));
const amount = 0.05;
const crossing = await exchange.createOrderWs(symbol, 'limit', 'buy', amount, Math.round(book.asks[0][0] * 1.01));
await until(() => statuses(crossing.id).includes('closed'), 'a filled order');
await until(() => Math.abs(fills.reduce((sum, fill) => sum + fill.amount, 0) - amount) < 1e-9, 'its fills');
let cost = 0;
for (const fill of fills) {
  assert.deepEqual([fill.order, fill.symbol, fill.side, fill.takerOrMaker], [crossing.id, symbol, 'buy', 'taker']);
  assert.ok(asked.has(fill.price), `nobody asked ${fill.price}`);
  assert.ok(Math.abs(fill.fee.cost - fill.price * fill.amount * 0.004) < 1e-4, `the fee ${JSON.stringify(fill.fee)}`);
  assert.equal(fill.fee.currency, 'USD');
  cost += fill.price * fill.amount + fill.fee.cost;
}
const after = await exchange.fetchBalance();
assert.ok(Math.abs(after.total.USD - (10000 - cost)) < 1e-3, `${after.total.USD} and not ${10000 - cost}`);
assert.ok(Math.abs(after.total.BTC - (1.5 + amount)) < 1e-9);
// REST makes one of what an order has taken, unless asked not to.
const [merged, ...others] = await exchange.fetchMyTrades(symbol);
assert.deepEqual([merged.order, merged.amount, others.length], [crossing.id, amount, 0]);
const mine = await exchange.fetchMyTrades(symbol, undefined, undefined, { consolidate_taker: false });
assert.deepEqual(mine.map(({ order, price }) => [order, price]).sort(), fills.map(({ order, price }) => [order, price]).sort());

open = false;
await exchange.close();
await Promise.allSettled(listening);
console.log(`${orders.length} reports of orders, ${fills.length} fills`);
