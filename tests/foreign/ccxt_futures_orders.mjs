// ccxt.pro's krakenfutures trading, with its own addresses: orders that rest, are edited and cancelled, one that takes
// from the recorded book, one that is filled when the market trades through its price, and batches; and what REST and the
// private feeds tell of them and of the money.
import assert from 'node:assert/strict';
import ccxt from 'ccxt';

const exchange = new ccxt.pro.krakenfutures({
  newUpdates: true, enableRateLimit: false, apiKey: 'test-futures-key', secret: 'dGVzdC1zZWNyZXQ=',
});
const symbol = 'BTC/USD:USD';
const about = (a, b, what) => assert.ok(Math.abs(a - b) < 1e-7, `${what}: ${a}, and not ${b}`);
await exchange.loadMarkets();

// What the private feeds told, in their order.
const orders = [];
const fills = [];
const positions = [];
const balances = [];
let open = true;
const listen = async (watch, into) => {
  while (open) {
    const told = await watch().catch((error) => { if (open) throw error; return []; });
    into.push(...(Array.isArray(told) ? told : [told]).map((one) => structuredClone(one)));
  }
};
const listening = [
  listen(() => exchange.watchOrders(), orders), listen(() => exchange.watchMyTrades(), fills),
  listen(() => exchange.watchPositions(), positions), listen(() => exchange.watchBalance(), balances),
];
const until = async (done, what) => {
  for (let tries = 0; !done(); ++tries) {
    assert.ok(tries < 1500, `nothing came of ${what}: ${JSON.stringify(orders.map(({ id, status }) => [id, status]))}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
};
const statuses = (id) => orders.filter((order) => order.id === id).map(({ status }) => status);
const filled = (id) => fills.filter((fill) => fill.order === id).reduce((sum, fill) => sum + fill.amount, 0);

await until(() => balances.length > 0, 'the snapshot of balances');
assert.equal(balances[0].USD.total, 250, 'what is kept beside what is traded with');
const before = await exchange.fetchBalance();
assert.equal(before.USD.total, 5000);

// Far below the market: it rests, is edited, and cancelled.
const resting = await exchange.createOrder(symbol, 'limit', 'buy', 0.01, 60000);
assert.equal(resting.status, 'open');
await until(() => orders.some(({ id }) => id === resting.id), 'a resting order');
const [held] = await exchange.fetchOpenOrders(symbol);
assert.deepEqual([held.id, held.amount, held.filled, held.remaining, held.side], [resting.id, 0.01, 0, 0.01, 'buy']);
assert.equal((await exchange.editOrder(resting.id, symbol, 'limit', 'buy', 0.02, 60500)).id, resting.id);
await until(() => orders.some(({ id, price, remaining }) => id === resting.id && price === 60500 && remaining === 0.02), 'an edit');
assert.equal((await exchange.fetchOrder(resting.id)).amount, 0.02);
await exchange.cancelOrder(resting.id);
await until(() => statuses(resting.id).includes('canceled'), 'a cancel');
assert.equal((await exchange.fetchOpenOrders(symbol)).length, 0);
await assert.rejects(exchange.cancelOrder(resting.id), ccxt.OrderNotFound);
await assert.rejects(exchange.editOrder(resting.id, symbol, 'limit', 'buy', 1, 60000), ccxt.OrderNotFound);
await assert.rejects(exchange.createOrder(symbol, 'limit', 'buy', 0.01, 70000, { postOnly: true }), ccxt.OrderImmediatelyFillable);

// Batches of orders, each answered for itself.
const batch = await exchange.createOrders([60000, 60001].map((price) => ({ symbol, type: 'limit', side: 'buy', amount: 0.01, price })));
assert.deepEqual(batch.map(({ status }) => status), ['open', 'open']);
const gone = await exchange.cancelOrders(batch.map(({ id }) => id), symbol);
assert.deepEqual(gone.map(({ status }) => status), ['canceled', 'canceled']);

// Across the market: it takes what the recorded book displays.
const book = await exchange.fetchOrderBook(symbol);
const crossing = await exchange.createOrder(symbol, 'market', 'buy', 0.05);
assert.equal(crossing.status, 'closed');
await until(() => Math.abs(filled(crossing.id) - 0.05) < 1e-9, 'its fills');

// Between the best prices: a trade at the best bid goes through it, and it is filled at its own price.
const quiet = await exchange.createOrder(symbol, 'limit', 'buy', 0.0001, 63000, { postOnly: true });
await until(() => Math.abs(filled(quiet.id) - 0.0001) < 1e-9, 'a trade through the price of an order');
await until(() => statuses(quiet.id).includes('closed'), 'the end of a filled order');

let spent = 0;
for (const fill of fills) {
  const maker = fill.order === quiet.id;
  assert.deepEqual([fill.symbol, fill.side, fill.takerOrMaker], [symbol, 'buy', maker ? 'maker' : 'taker']);
  if (maker) assert.equal(fill.price, 63000);
  else assert.ok(fill.price >= book.asks[0][0] - 50 && fill.price <= book.asks.at(-1)[0] + 50, `the price ${fill.price}`);
  about(fill.fee.cost, fill.price * fill.amount * (maker ? 0.0002 : 0.0005), 'the fee');
  assert.equal(fill.fee.currency, 'USD');
  spent += fill.fee.cost;
}
const bought = fills.reduce((sum, fill) => sum + fill.price * fill.amount, 0);
const [position] = await exchange.fetchPositions([symbol]);
assert.deepEqual([position.symbol, position.side, position.contracts], [symbol, 'long', 0.0501]);
about(position.entryPrice, bought / 0.0501, 'the price of the position');
await until(() => positions.some((one) => Math.abs(one.contracts - 0.0501) < 1e-9), 'the position');
about((await exchange.fetchBalance()).USD.total, 5000 - spent, 'the wallet after its fees');

// All of it is sold, and the wallet has moved by the difference and by the fees.
await exchange.createOrder(symbol, 'market', 'sell', 1, undefined, { reduceOnly: true });
await until(() => Math.abs(fills.filter(({ side }) => side === 'sell').reduce((sum, { amount }) => sum + amount, 0) - 0.0501) < 1e-9, 'the sale');
const sold = fills.filter(({ side }) => side === 'sell');
const received = sold.reduce((sum, fill) => sum + fill.price * fill.amount - fill.fee.cost, 0);
assert.equal((await exchange.fetchPositions([symbol])).length, 0);
const after = (await exchange.fetchBalance()).USD.total;
about(after, 5000 - spent + received - bought, 'the wallet in the end');
await until(() => balances.at(-1).flex?.USD.total === after, 'the same of the feed');
const mine = await exchange.fetchMyTrades(symbol);
const told = (all) => all.map(({ id, order, price, amount, takerOrMaker }) => [id, order, price, amount, takerOrMaker]).sort();
assert.deepEqual(told(mine), told(fills));

open = false;
await exchange.close();
await Promise.allSettled(listening);
console.log(`${orders.length} reports of orders, ${fills.length} fills, ${positions.length} of positions, ${balances.length} of balances`);
