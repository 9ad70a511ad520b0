// A recorder in the middle, for clients that find the server by Kraken's names: REST and websockets go through `ktape
// record --listen`. Afterwards its recording holds, message by message, what was served from the client's subscription
// on. Usage: node through_recorder.mjs ARGUMENTS-OF-NODE...
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRecorder } from './support/recorder.mjs';
import * as served from './support/recording.mjs';

const folder = mkdtempSync(join(tmpdir(), 'ktape-through-'));
const file = join(folder, 'through.ktape');
const program = process.env.KTAPE;
const cat = (...more) => execFileSync(program, ['cat', file, '--direction', 'in', '--kind', 'text', '--format', 'payload',
  ...more], { encoding: 'utf8', maxBuffer: 1 << 30 });

let recorder;
try {
  recorder = await startRecorder(folder, file, '--rest', process.env.KTAPE_REST_URL);
  const client = spawn(process.execPath, process.argv.slice(2), { stdio: 'inherit', env: {
    ...process.env, KTAPE_HOST: '127.0.0.1', KTAPE_PORT: recorder.port, NODE_EXTRA_CA_CERTS: recorder.ca,
  } });
  assert.equal(await new Promise((resolve) => { client.once('exit', resolve); }), 0, 'the client');
  await recorder.stop();

  assert.match(cat('--connection', '0'), /"result"/, 'REST is recorded');
  let alike = 0;
  for (const channel of ['book', 'trade', 'ticker', 'ohlc']) {
    const heard = cat('--channel', channel).split('\n').filter((text) => text.includes('"type":"update"'));
    const all = served.messages(channel, 'BTC/USD').map(({ text }) => text);
    assert.ok(heard.length > 0, channel);
    assert.deepEqual(heard, all.slice(all.length - heard.length), channel);
    alike += heard.length;
  }
  console.log(`${alike} messages recorded as they were served`);
} finally {
  recorder?.kill();
  rmSync(folder, { recursive: true });
}
