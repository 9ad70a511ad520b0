// npm ws in step with the server's time: it answers a time Ping when it has said all that it had to say to what came
// before. Then what it hears, and when, is the same every time. Usage: node node_in_step.mjs LOG
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import WebSocket from 'ws';

const log = [];
let now = 0n;
let asked = 0;
const socket = new WebSocket(process.env.KTAPE_WS_URL, { autoPong: false });
const say = (method, params) => socket.send(JSON.stringify({ method, params, req_id: ++asked }));
socket.on('ping', (data) => {
  now = BigInt(/^ktape-time=(\d+)$/.exec(data)[1]);
  socket.pong(data);
});
socket.on('message', (data) => {
  const text = data.toString();
  log.push(`${now} ${text}`);
  const { channel } = JSON.parse(text);
  // Asks for more in answer to what it hears, and so at instants that depend on the market.
  if (channel === 'status') say('subscribe', { channel: 'trade', symbol: ['EUR/USD'] });
  if (channel === 'trade' && asked < 40) {
    say(asked % 3 === 2 ? 'unsubscribe' : 'subscribe', { channel: 'book', symbol: ['EUR/USD'], depth: 10 });
  }
});
const code = await new Promise((resolve, reject) => { socket.on('close', resolve).on('error', reject); });
assert.equal(code, 1001);
assert.ok(log.length > 50, `heard ${log.length} messages only`);
writeFileSync(process.argv[2], `${log.join('\n')}\n`);
console.log(`${log.length} messages, the last at ${now}`);
