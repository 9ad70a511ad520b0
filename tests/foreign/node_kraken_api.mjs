// node-kraken-api on Spot v1, with its addresses built in: its own mirror of the book, which verifies every checksum and
// subscribes anew where it does not agree, trades, and orders over the private websocket.
import assert from 'node:assert/strict';
import { Kraken } from 'node-kraken-api';
import { checksum } from './support/book.mjs';
import * as recording from './support/recording.mjs';

const kraken = new Kraken({ key: 'test-key', secret: 'dGVzdC1zZWNyZXQ=', timeout: 20000 });
const errors = [];
const pairs = await kraken.assetPairs({ pair: 'XBTUSD' });
assert.equal(pairs.XXBTZUSD.wsname, 'XBT/USD');
assert.ok((await kraken.time()).unixtime >= 1788249600);

// Every book that it vouches for is one that Kraken has told the checksum of.
const checksums = new Set(recording.messages('book', 'BTC/USD').map(({ text }) => JSON.parse(text).data[0].checksum));
let mirrors = 0;
let bids = 0;
let snapshots = 0;
const book = kraken.ws.book({ depth: 25 })
  .on('error', (error) => errors.push(error))
  .on('snapshot', () => { ++snapshots; })
  .on('bid', () => { ++bids; }).on('ask', () => { ++bids; })
  .on('mirror', (mirror, pair) => {
    assert.equal(pair, 'XBT/USD');
    assert.ok(checksums.has(checksum(mirror.as.map(([p, q]) => [p, q]), mirror.bs.map(([p, q]) => [p, q]))));
    ++mirrors;
  });
const trades = [];
const trade = kraken.ws.trade().on('update', (some) => trades.push(...some)).on('error', (error) => errors.push(error));
const ended = new Promise((resolve) => { kraken.ws.pub.on('close', resolve); });
await Promise.all([book.subscribe('XBT/USD'), trade.subscribe('XBT/USD')]);
await kraken.ws.pub.ping();

// Orders: one that rests, two that are cancelled together, and the fills of one that crosses.
const { token } = await kraken.getWebSocketsToken();
const fills = [];
const changes = [];
const own = kraken.ws.ownTrades({ token, snapshot: false }).on('update', (some) => fills.push(...some));
const open = kraken.ws.openOrders({ token }).on('update', (some) => changes.push(...some));
await own.subscribe();
await open.subscribe();
const limit = (price) => kraken.ws.addOrder({
  token, pair: 'XBT/USD', type: 'buy', ordertype: 'limit', price: String(price), volume: '0.01',
});
const resting = [await limit(10000), await limit(10001)];
assert.ok(resting.every(({ status, txid }) => status === 'ok' && txid));
const cancelled = await kraken.ws.cancelOrder({ token, txid: resting.map(({ txid }) => txid) });
assert.deepEqual(cancelled.map(({ status }) => status), ['ok', 'ok'], 'an answer for each order');
const crossing = await limit(70000);
while (fills.length === 0) await new Promise((resolve) => { setTimeout(resolve, 20); });
const filled = fills.map(Object.values).flat();
assert.ok(filled.every(({ ordertxid, pair, type }) => ordertxid === crossing.txid && pair === 'XBT/USD' && type === 'buy'));
assert.ok(Math.abs(filled.reduce((sum, { vol }) => sum + Number(vol), 0) - 0.01) < 1e-9);
assert.ok(changes.some((change) => change[resting[0].txid]?.status === 'canceled'));
await assert.rejects(limit(1e9), /EOrder:/);

await ended;
kraken.ws.priv.terminate();
const recorded = recording.events('trade', 'BTC/USD').map(({ price, quantity, side }) => [price, quantity, side[0]]);
const seen = trades.map(([price, volume, , side]) => [price, volume, side]);
assert.ok(seen.length > 10);
assert.deepEqual(seen, recorded.slice(-seen.length));
assert.deepEqual(errors, []);
// It cannot verify the first half of a change of both sides, and begins anew then.
assert.ok(mirrors > 0.9 * bids, `${mirrors} of ${bids} changes verified, ${snapshots} snapshots`);
console.log(`${mirrors} of ${bids} changes verified, ${snapshots} snapshots, ${seen.length} trades, ${fills.length} fills`);
