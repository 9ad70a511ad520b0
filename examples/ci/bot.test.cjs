// ktape run session.ktape -- node --test bot.test.cjs
const test = require('node:test');
const assert = require('node:assert');
const WebSocket = require('ws');  // node 22 and later have one of their own

test('a subscription is answered before anything of it is told', async () => {
  const socket = new WebSocket(process.env.KTAPE_WS_URL);
  const told = [];
  socket.onopen = () => socket.send('{"method":"subscribe","params":{"channel":"book","symbol":["EUR/USD"]}}');
  await new Promise((resolve) => { socket.onmessage = ({ data }) => told.push(JSON.parse(data)) === 3 && resolve(); });
  assert.deepStrictEqual(told.map(({ method, channel }) => method ?? channel), ['status', 'subscribe', 'book']);
  socket.terminate();
});
