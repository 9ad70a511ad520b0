// What the recording holds that a server plays: read with ktape itself, from the file that KTAPE_RECORDING names.
import { execFileSync } from 'node:child_process';

const program = process.env.KTAPE ?? 'ktape';
const path = process.env.KTAPE_RECORDING;
// What `ktape run` was given to serve no more than a part of it.
const span = process.env.KTAPE_DURATION ? ['--duration', process.env.KTAPE_DURATION] : [];

function ktape(...args) {
  return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'inherit'] });
}

// The messages of one feed, as the exchange sent them: [{at, text}], `at` in nanoseconds.
export function messages(channel, symbol) {
  const which = symbol === undefined ? [] : ['--symbol', symbol];
  const lines = ktape('cat', path, '--format', 'json', '--direction', 'in', '--kind', 'text', '--channel', channel,
    ...which, ...span);
  return lines.split('\n').filter(Boolean)
    .map((line) => ({ at: BigInt(/^\{"at":(\d+)/.exec(line)[1]), text: JSON.parse(line).payload }))
    .filter(({ text }) => text.startsWith('{"channel"'));
}

// The typed events of one kind: [{...}], with instants as BigInt.
export function events(kind, symbol) {
  const which = symbol === undefined ? [] : ['--symbol', symbol];
  return ktape('cat', path, '--events', '--format', 'json', '--kind', kind, ...which, ...span)
    .split('\n').filter(Boolean).map(parse);
}

// What was known of a symbol at an instant: its book, whole, candles, last ticker and trade.
export function state(symbol, at) {
  const all = parse(ktape('state', path, '--at', instant(at), '--symbol', symbol, '--levels', '0', '--format', 'json'));
  return all.connections.flatMap(({ symbols }) => symbols).find((one) => one.symbol === symbol);
}

// Integers that a double cannot hold become BigInt.
export function parse(text) {
  return JSON.parse(text.replace(/(?<=[:,[])(\d{16,})(?=[,}\]])/g, '"$1n"'),
    (key, value) => (typeof value === 'string' && /^\d{16,}n$/.test(value) ? BigInt(value.slice(0, -1)) : value));
}

function instant(nanoseconds) {
  const date = new Date(Number(nanoseconds / 1_000_000n)).toISOString().slice(0, 19);
  return `${date}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}Z`;
}
