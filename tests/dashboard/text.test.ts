import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExactNumber, formatJson, parseExact } from '../../http/dashboard/src/exact_json';
import { clip, oneLine, visible } from '../../http/dashboard/src/safe_text';
import {
  dayOf, formatAbsolute, formatDuration, formatPercent, formatRelative, formatShare, formatShort, fromInputTime, shortId,
  toInputTime,
} from '../../http/dashboard/src/format';

test('an integer beyond 2^53 keeps its digits', () => {
  const parsed = parseExact('{"id":9007199254740993,"list":[-12345678901234567890],"small":42}') as Record<string, unknown>;
  assert.ok(parsed.id instanceof ExactNumber);
  assert.equal(String(parsed.id), '9007199254740993');
  assert.equal(parsed.small, 42);
  assert.equal(formatJson(parsed), '{\n  "id": 9007199254740993,\n  "list": [\n    -12345678901234567890\n  ],\n  "small": 42\n}');
});

test('digits inside texts are texts', () => {
  const text = '{"a":"9007199254740993","b":"say \\"9007199254740993\\"","c":9007199254740993}';
  assert.deepEqual(Object.values(parseExact(text) as object).map(String),
    ['9007199254740993', 'say "9007199254740993"', '9007199254740993']);
});

test('long fractions and huge exponents keep their digits', () => {
  assert.equal(formatJson(parseExact('[0.12345678901234567890, 1e400, 2.5]')), '[\n  0.12345678901234567890,\n  1e400,\n  2.5\n]');
});

test('what is no JSON is an error', () => {
  assert.throws(() => parseExact('{"a":12345678901234567890'));
});

test('marks that turn the direction of text become visible', () => {
  assert.equal(visible('a\u202egnp.exe'), 'a⟨U+202E⟩gnp.exe');
  assert.equal(visible('zero\u200bwidth\u0000'), 'zero⟨U+200B⟩width⟨U+0000⟩');
  assert.equal(visible('line\nand\ttab, ümläut, 日本, 😀'), 'line\nand\ttab, ümläut, 日本, 😀');
});

test('clip never halves a character', () => {
  assert.equal(clip('ab😀cd', 3), 'ab…');
  assert.equal(clip('ab😀cd', 4), 'ab😀…');
  assert.equal(clip('short', 5), 'short');
});

test('a megabyte is one short line', () => {
  assert.equal(oneLine('x\n'.repeat(500_000), 10).length, 11);
});

test('durations read as people say them', () => {
  const shown = [0, 0.4, 3.14, 340, 999.6, 1500, 9940, 9960, 59_400, 60_000, 83_000, 3_600_000, 100_000_000, -1500].map(formatDuration);
  assert.deepEqual(shown, ['0 ms', '<1 ms', '3.1 ms', '340 ms', '1000 ms', '1.5 s', '9.9 s', '10 s', '59 s', '1 m', '1 m 23 s',
    '1 h', '1 d 3 h', '−1.5 s']);
  assert.equal(formatDuration(Number.NaN), '–');
});

test('nearly all is not all', () => {
  assert.equal(formatPercent(99_999, 100_000, 'en'), '99.99%');
  assert.equal(formatPercent(100, 100, 'en'), '100%');
  assert.equal(formatPercent(1, 2, 'en'), '50%');
  assert.equal(formatPercent(0, 0, 'en'), '–');
});

test('nearly done is not done', () => {
  assert.deepEqual([0, 0.254, 0.999, 1].map((share) => formatShare(share, 'en')), ['0%', '25%', '99%', '100%']);
});

test('a day begins at midnight of the zone', () => {
  const time = Date.parse('2026-11-24T23:30:00.000Z');
  assert.equal(dayOf(time, 'utc'), '2026-11-24');
  assert.equal(dayOf(time, 'local'), new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 10));
});

test('big numbers are short', () => {
  assert.deepEqual([7, 1234, 9999, 12_345, 1_200_000].map((value) => formatShort(value, 'en')), ['7', '1,234', '9,999', '12.3K', '1.2M']);
});

test('relative times name past and future', () => {
  const now = Date.parse('2026-11-24T12:00:00.000Z');
  const at = (seconds: number) => formatRelative(now + seconds * 1000, now, 'en');
  assert.deepEqual([at(-2), at(-30), at(-90), at(-7200), at(-200_000), at(45)],
    ['now', '30 sec. ago', '1 min. ago', '2 hr. ago', '2 days ago', 'in 45 sec.']);
});

test('absolute times are in the chosen zone and say which', () => {
  const time = Date.parse('2026-11-24T23:30:05.123Z');
  assert.equal(formatAbsolute(time, { language: 'en', zone: 'utc' }), 'Nov 24, 2026, 23:30:05 UTC');
  assert.match(formatAbsolute(time, { language: 'en', zone: 'utc' }, true), /23:30:05\.123/);
});

test('a chosen time goes to the server and back unchanged', () => {
  assert.equal(fromInputTime('2026-11-24T10:30', 'utc'), '2026-11-24T10:30:00.000Z');
  for (const zone of ['utc', 'local'] as const) assert.equal(toInputTime(fromInputTime('2026-07-01T00:15', zone), zone), '2026-07-01T00:15');
  assert.equal(fromInputTime('', 'utc'), '');
  assert.equal(toInputTime('nonsense', 'utc'), '');
});

test('ids are told apart by their end', () => {
  assert.equal(shortId('0193b0c2-0000-7000-8000-0000deadbeef'), '…deadbeef');
});
