import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quietStart, timesOf } from '../../http/dashboard/src/pages/history';
import type { Series } from '../../http/dashboard/src/types';

function hour(at: (minute: number) => number): Series {
  const values = Array.from({ length: 60 }, (_, minute) => at(minute));
  return {
    metric: 'counts', step: 'minute', stepMs: 60_000, from: '2026-11-24T12:00:00.000Z', to: '2026-11-24T13:00:00.000Z',
    series: [{ name: 'completed', values }, { name: 'failed', values: values.map(() => 0) }],
  };
}

test('a young server is shown from shortly before its beginning, but never by a few bars alone', () => {
  assert.equal(quietStart(hour((minute) => (minute >= 30 ? 5 : 0))), 29);
  assert.equal(quietStart(hour((minute) => (minute >= 58 ? 5 : 0))), 45);
  assert.equal(quietStart(hour(() => 0)), 45);
  assert.equal(quietStart(hour(() => 1)), 0);
});

test('a series has a time for each of its steps', () => {
  assert.deepEqual(timesOf(hour(() => 1)).slice(-1), [Date.parse('2026-11-24T12:59:00.000Z')]);
});
