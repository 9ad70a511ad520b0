// A recorder in the middle: a client of npm ws comes to `ktape record --listen`, which leads it on to the server. What the
// recording holds, and when, is what the client has heard and said. Usage: node recorded_between.mjs LOG
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRecorder } from './support/recorder.mjs';

const [log] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'ktape-between-'));
const file = join(folder, 'between.ktape');
const program = process.env.KTAPE;

let recorder;
try {
  recorder = await startRecorder(folder, file, '--clock', 'server');
  const url = `wss://127.0.0.1:${recorder.port}/v2`;
  const client = spawn(process.execPath, ['node_in_step.mjs', log],
    { stdio: 'inherit', env: { ...process.env, KTAPE_WS_URL: url, NODE_EXTRA_CA_CERTS: recorder.ca } });
  assert.equal(await new Promise((resolve) => { client.once('exit', resolve); }), 0, 'the client');
  assert.equal(await recorder.stop(), 0, recorder.said());

  const cat = (direction) => execFileSync(program, ['cat', file, '--direction', direction, '--kind', 'text', '--format',
    'json'], { encoding: 'utf8', maxBuffer: 1 << 30 }).split('\n').filter(Boolean)
    .map((line) => ({ at: /^\{"at":(\d+)/.exec(line)[1], text: JSON.parse(line).payload }));
  const heard = readFileSync(log, 'utf8').split('\n').filter(Boolean);
  assert.deepEqual(cat('in').map(({ at, text }) => `${at} ${text}`), heard);
  const asked = cat('out').map(({ text }) => JSON.parse(text).req_id);
  assert.ok(asked.length > 10, `${asked.length} requests`);
  assert.deepEqual(asked, asked.map((_, i) => i + 1));
  execFileSync(program, ['verify', file]);
  console.log(`${heard.length} messages heard and ${asked.length} said, recorded alike`);
} finally {
  recorder?.kill();
  rmSync(folder, { recursive: true });
}
