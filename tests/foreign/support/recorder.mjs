// `ktape record --listen` between a client and the server of `ktape run`.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// Listens when the promise is kept. `folder` is for its authority and its port, `more` are further options.
export async function startRecorder(folder, file, ...more) {
  const ca = join(folder, 'ca.pem');
  const portFile = join(folder, 'port');
  const program = spawn(process.env.KTAPE, ['record', '--listen', '0', '--port-file', portFile, '--tls', '--ca-out', ca,
    '--url', process.env.KTAPE_WS_URL, '--ca', process.env.KTAPE_CA_FILE, '-o', file, ...more],
  { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = [];
  const sealed = new Promise((resolve) => { program.once('exit', resolve); });
  await new Promise((resolve, reject) => {
    program.stderr.on('data', (data) => {
      said.push(data);
      if (said.join('').includes('listening on')) resolve();
    });
    program.once('exit', (code) => reject(new Error(`ktape record ended with ${code}: ${said.join('')}`)));
  });
  return {
    ca,
    port: readFileSync(portFile, 'utf8').trim(),
    said: () => said.join(''),
    // The code with which it ended.
    async stop() {
      program.kill('SIGINT');
      return sealed;
    },
    kill() { program.kill('SIGKILL'); },
  };
}
