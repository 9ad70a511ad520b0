// npm ws, in step with the server's time: two connections, one from the beginning on, one that comes in the middle and
// wants smaller books. The library answers Pings by itself; here it is told not to, so that time stands while the second
// connection is made. Usage: node node_ws.mjs SYMBOLS DEPTH, as the recording has them
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { check } from './support/conversation.mjs';

const symbols = process.argv[2].split(',');
const depth = Number(process.argv[3]);
const subscribe = (channel, params, id) => ({ method: 'subscribe', params: { channel, ...params }, req_id: id });

// `hear(heard)` is called after each message; time goes on when what it returns is settled.
function listen(requests, hear = () => {}) {
  const socket = new WebSocket(process.env.KTAPE_WS_URL, 'v1', { autoPong: false });  // the subprotocol must come back
  const heard = [];
  let ready = Promise.resolve();
  const asked = new Promise((resolve) => {
    socket.on('open', () => resolve(requests.forEach((request) => socket.send(JSON.stringify(request)))));
  });
  const ended = new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('ping', (data) => { ready = ready.then(() => socket.pong(data)); });
    socket.on('message', (data, isBinary) => {
      assert.ok(!isBinary, 'text frames only');
      heard.push(data.toString());
      ready = ready.then(() => hear(heard));
    });
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  return { heard, asked, ended };
}

let second;
const first = listen([
  subscribe('instrument', {}, 1), subscribe('ticker', { symbol: symbols }, 2),
  subscribe('book', { symbol: symbols, depth }, 3), subscribe('trade', { symbol: symbols, snapshot: true }, 4),
  subscribe('ohlc', { symbol: symbols, interval: 1 }, 5), subscribe('book', { symbol: ['NO/SUCH'], depth }, 6),
], (heard) => {
  if (second !== undefined || heard.length < 500) return undefined;
  // A newcomer takes part in time from the next instant on: not before this one is settled.
  second = listen([subscribe('book', { symbol: symbols, depth: 10 }, 1), { method: 'ping', req_id: 7 }]);
  return second.asked;
});

assert.equal((await first.ended).code, 1001, 'the end of the recording');
assert.equal((await second.ended).code, 1001);

const of = (channel, more = {}) => symbols.map((symbol) => ({ channel, symbol, ...more }));
const told = check(first.heard, [...of('ticker'), ...of('book'), ...of('trade'), ...of('ohlc')]);
const late = check(second.heard, of('book', { depth: 10 }));
assert.ok(first.heard.some((text) => text.startsWith('{"channel":"instrument","type":"snapshot"')));
const refusal = JSON.parse(first.heard.find((text) => text.includes('NO/SUCH')));
assert.deepEqual([refusal.success, refusal.req_id, refusal.error], [false, 6, 'Currency pair not supported NO/SUCH']);
assert.ok(second.heard.some((text) => text.includes('"method":"pong","req_id":7')));
console.log(`${told.messages + late.messages} messages, ${told.checksums + late.checksums} checksums`);
