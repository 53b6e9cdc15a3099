import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fit } from '../../http/dashboard/src/pages/history';
import type { Series } from '../../http/dashboard/src/types';

const MINUTES = 24 * 60;
const NOW = Date.parse('2026-11-24T12:30:00.000Z');
const FROM = Date.parse('2026-11-23T13:00:00.000Z');

function series(at: (minute: number) => number): Series {
  const size = (NOW - FROM) / 60_000;
  const values = Array.from({ length: size }, (_, minute) => at(minute));
  return {
    metric: 'counts', step: 'minute', stepMs: 60_000, from: new Date(FROM).toISOString(), to: new Date(NOW).toISOString(),
    series: [{ name: 'completed', values }, { name: 'failed', values: values.map(() => 0) }],
  };
}

test('a young server is shown by its last hour', () => {
  const size = (NOW - FROM) / 60_000;
  assert.ok(size <= MINUTES);
  const history = fit(series((minute) => (minute >= size - 3 ? 5 : 0)), NOW);
  assert.equal(history.range, '1h');
  assert.equal(history.times.length, 60);
  assert.equal(history.values.completed!.reduce((sum, value) => sum + value, 0), 15);
});

test('one that did something before is shown by its day, in whole hours', () => {
  const history = fit(series(() => 1), NOW);
  assert.equal(history.range, '24h');
  assert.equal(history.times.length, 24);
  assert.deepEqual(history.values.completed!.slice(-2), [60, 30]);
});

test('one that did nothing at all is young', () => {
  assert.equal(fit(series(() => 0), NOW).range, '1h');
});
