// A recorder in the middle: a client of npm ws comes to `ktape record --listen`, which leads it on to the server. What the
// recording holds, and when, is what the client has heard and said. Usage: node recorded_between.mjs LOG
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [log] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'ktape-between-'));
const file = join(folder, 'between.ktape');
const ca = join(folder, 'ca.pem');
const portFile = join(folder, 'port');
const program = process.env.KTAPE;

const recorder = spawn(program, ['record', '--listen', '0', '--port-file', portFile, '--tls', '--ca-out', ca,
  '--url', process.env.KTAPE_WS_URL, '--ca', process.env.KTAPE_CA_FILE, '--clock', 'server', '-o', file],
{ stdio: ['ignore', 'ignore', 'pipe'] });
const said = [];
const sealed = new Promise((resolve) => { recorder.once('exit', resolve); });
try {
  await new Promise((resolve, reject) => {
    recorder.stderr.on('data', (data) => {
      said.push(data);
      if (said.join('').includes('listening on')) resolve();
    });
    recorder.once('exit', (code) => reject(new Error(`ktape record ended with ${code}: ${said.join('')}`)));
  });
  const url = `wss://127.0.0.1:${readFileSync(portFile, 'utf8').trim()}/v2`;
  const client = spawn(process.execPath, ['node_in_step.mjs', log],
    { stdio: 'inherit', env: { ...process.env, KTAPE_WS_URL: url, NODE_EXTRA_CA_CERTS: ca } });
  assert.equal(await new Promise((resolve) => { client.once('exit', resolve); }), 0, 'the client');
  recorder.kill('SIGINT');
  assert.equal(await sealed, 0, said.join(''));

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
  recorder.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}
