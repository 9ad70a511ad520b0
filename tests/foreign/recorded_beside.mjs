// A recorder on the same server: what ktape record has kept of its connection is what a foreign
// client has heard on its own, and both are what was served.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { check } from './support/conversation.mjs';

const symbols = ['MINA/GBP', 'SHIB/USD', 'EUR/USD'];
const channels = ['book', 'trade', 'ticker', 'ohlc'];
const folder = mkdtempSync(join(tmpdir(), 'ktape-beside-'));
const file = join(folder, 'beside.ktape');
const program = process.env.KTAPE;

const recorder = spawn(program, ['record', '--url', process.env.KTAPE_WS_URL, '--ca', process.env.KTAPE_CA_FILE,
  '--symbols', symbols.join(), '--channels', channels.join(), '--with', 'none', '-o', file],
{ stdio: ['ignore', 'ignore', 'pipe'] });
const said = [];
const says = (what) => new Promise((resolve, reject) => {
  recorder.stderr.on('data', (data) => {
    said.push(data);
    if (said.join('').includes(what)) resolve();
  });
  recorder.once('exit', (code) => reject(new Error(`ktape record ended with ${code}: ${said.join('')}`)));
});
try {
  await says('connected to');
  const cut = says('disconnected');
  const heard = [];
  const socket = new WebSocket(process.env.KTAPE_WS_URL);
  socket.on('open', () => channels.forEach((channel, i) => socket.send(JSON.stringify({
    method: 'subscribe', req_id: i + 1,
    params: { channel, symbol: symbols, ...{ book: { depth: 10 }, trade: { snapshot: true }, ohlc: { interval: 1 } }[channel] },
  }))));
  socket.on('message', (data) => heard.push(data.toString()));
  assert.equal(await new Promise((resolve, reject) => { socket.on('close', resolve).on('error', reject); }), 1001);
  await cut;
  const sealed = new Promise((resolve) => { recorder.once('exit', resolve); });
  recorder.kill('SIGINT');
  assert.equal(await sealed, 0, said.join(''));

  const recorded = execFileSync(program, ['cat', file, '--connection', '1', '--direction', 'in', '--kind', 'text',
    '--format', 'payload'], { encoding: 'utf8', maxBuffer: 1 << 30 }).split('\n').filter(Boolean);
  // The recorder was there first, and so has a longer history; the end is the same.
  let alike = 0;
  for (const channel of channels) {
    for (const symbol of symbols) {
      const updates = (texts) => texts.filter((text) => text.startsWith(`{"channel":"${channel}","type":"update"`) &&
        text.includes(`"symbol":"${symbol}"`));
      const mine = updates(heard);
      assert.deepEqual(mine, updates(recorded).slice(-mine.length), `${channel} ${symbol}`);
      alike += mine.length;
    }
  }
  const told = check(heard, channels.flatMap((channel) => symbols.map((symbol) => ({ channel, symbol }))));
  console.log(`${alike} messages heard and recorded alike, ${told.checksums} checksums`);
} finally {
  recorder.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}
