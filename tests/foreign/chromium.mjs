// Chromium's WebSocket, in a page, over TLS. It is driven by the DevTools protocol; what the page does is its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import WebSocket from 'ws';
import { check } from './support/conversation.mjs';

// A browser has no variable for a further authority, but can be told the key of a server that it may trust.
function keyOfServer() {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: process.env.KTAPE_HOST, port: process.env.KTAPE_PORT, servername: 'ws.kraken.com' }, () => {
      const key = socket.getPeerX509Certificate().publicKey.export({ type: 'spki', format: 'der' });
      socket.destroy();
      resolve(createHash('sha256').update(key).digest('base64'));
    }).on('error', reject);
  });
}

// Starts the browser, with all of Kraken's names leading to the server; `evaluate(text)` in an empty page.
async function browser() {
  const profile = mkdtempSync(join(tmpdir(), 'ktape-chromium-'));
  const child = spawn('chromium', ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
    '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    `--user-data-dir=${profile}`, '--remote-debugging-port=0',
    `--host-resolver-rules=MAP *.kraken.com ${process.env.KTAPE_HOST}:${process.env.KTAPE_PORT}`,
    `--ignore-certificate-errors-spki-list=${await keyOfServer()}`, 'about:blank'],
  { stdio: ['ignore', 'ignore', 'pipe'] });
  const gone = new Promise((resolve) => { child.once('exit', resolve); });
  const url = await new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    child.once('exit', () => reject(new Error(`chromium ended: ${said}`)));
  });
  const tools = new WebSocket(url);
  await new Promise((resolve, reject) => { tools.once('open', resolve); tools.once('error', reject); });
  const waiting = new Map();
  tools.on('message', (data) => {
    const { id, result, error } = JSON.parse(data);
    waiting.get(id)?.(error ? { error } : result);
    waiting.delete(id);
  });
  let count = 0;
  const call = async (method, params = {}, sessionId = undefined) => {
    const id = ++count;
    const result = await new Promise((resolve) => {
      waiting.set(id, resolve);
      tools.send(JSON.stringify({ id, method, params, sessionId }));
    });
    assert.ok(!result.error, `${method}: ${JSON.stringify(result.error)}`);
    return result;
  };
  const { targetId } = await call('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true });
  return {
    evaluate: async (text) => {
      const { result, exceptionDetails } = await call('Runtime.evaluate',
        { expression: text, awaitPromise: true, returnByValue: true }, sessionId);
      assert.ok(!exceptionDetails, JSON.stringify(exceptionDetails));
      return result.value;
    },
    close: async () => {
      tools.close();
      child.kill();
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

// The page: runs in the browser.
const page = (url, requests) => new Promise((resolve) => {
  const socket = new WebSocket(url, 'v1');
  const heard = [];
  socket.onopen = () => requests.forEach((request) => socket.send(JSON.stringify(request)));
  socket.onmessage = ({ data }) => heard.push(typeof data === 'string' ? data : `not text: ${data}`);
  socket.onclose = ({ code, wasClean }) => resolve({ heard, code, wasClean, protocol: socket.protocol });
});

const symbols = ['BTC/USD', 'XRP/USD'];
const requests = ['book', 'trade', 'ticker', 'ohlc'].map((channel, i) => ({
  method: 'subscribe', req_id: i + 1,
  params: { channel, symbol: symbols, ...{ book: { depth: 25 }, trade: { snapshot: true }, ohlc: { interval: 1 } }[channel] },
}));
const chromium = await browser();
try {
  const seen = await chromium.evaluate(`(${page})('wss://ws.kraken.com/v2', ${JSON.stringify(requests)})`);
  assert.deepEqual([seen.code, seen.wasClean, seen.protocol], [1001, true, 'v1']);
  const told = check(seen.heard, ['book', 'trade', 'ticker', 'ohlc'].flatMap((channel) =>
    symbols.map((symbol) => ({ channel, symbol }))));
  console.log(`${told.messages} messages, ${told.checksums} checksums`);
} finally {
  await chromium.close();
}
