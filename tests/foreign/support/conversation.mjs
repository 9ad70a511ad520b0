// What a client of Spot v2 has heard on one connection, held against what the recording holds.
import assert from 'node:assert/strict';
import { Book, parseWithDigits } from './book.mjs';
import * as recording from './recording.mjs';

const name = ({ channel, symbol }) => (symbol === undefined ? channel : `${channel} ${symbol}`);

// `heard`: the text of each message, in order. `feeds`: [{channel, symbol, depth}], what was subscribed to and never
// left. Each must have had its answer, then one snapshot, and then every message of the recording from there to its end,
// byte for byte; a book of less depth than the recording's has messages of its own, and those must add up.
export function check(heard, feeds) {
  assert.match(heard[0], /^\{"channel":"status","type":"update"/, 'the first message is the status');
  const told = { messages: heard.length, checksums: 0 };
  const parsed = heard.map(parseWithDigits);
  for (const feed of feeds) {
    const mine = heard.map((text, i) => ({ text, message: parsed[i], i })).filter(({ message }) =>
      message.channel === feed.channel && (feed.symbol === undefined || message.data[0]?.symbol === feed.symbol));
    const answer = parsed.findIndex(({ method, success, result }) => method === 'subscribe' && success &&
      result.channel === feed.channel && (feed.symbol === undefined || result.symbol === feed.symbol));
    assert.ok(answer >= 0, `${name(feed)}: no answer`);
    assert.ok(mine.length > 1, `${name(feed)}: heard ${mine.length} messages`);
    assert.ok(answer < mine[0].i, `${name(feed)}: the answer comes before the data`);
    assert.equal(mine[0].message.type, 'snapshot', `${name(feed)}: begins with a snapshot`);
    assert.ok(mine.slice(1).every(({ message }) => message.type === 'update'), `${name(feed)}: one snapshot only`);
    if (feed.channel === 'book') told.checksums += checkBook(feed, mine);
    if (feed.channel !== 'book' || feed.depth === undefined) sameEnd(feed, mine.slice(1).map(({ text }) => text));
  }
  return told;
}

// What came after the snapshot is the end of the recording, without a hole.
function sameEnd(feed, updates) {
  const recorded = recording.messages(feed.channel, feed.symbol).map(({ text }) => text);
  assert.deepEqual(updates, recorded.slice(recorded.length - updates.length), `${name(feed)}: what was recorded`);
}

// Every checksum is right over what a client holds that keeps to the rules; in the end it holds what the recording does.
function checkBook(feed, mine) {
  const end = recording.messages('book', feed.symbol).at(-1);
  const held = recording.state(feed.symbol, end.at).book;
  const book = new Book(feed.depth ?? held.depth);
  mine.forEach(({ message, text }, n) => {
    const [data] = message.data;
    assert.equal(book.apply(data, n === 0), Number(data.checksum), `${name(feed)}: checksum of ${text}`);
  });
  assert.deepEqual([book.asks, book.bids], [held.asks.slice(0, book.depth), held.bids.slice(0, book.depth)],
    `${name(feed)}: the book at the end`);
  return mine.length;
}
