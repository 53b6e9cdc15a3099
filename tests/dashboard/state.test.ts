import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionsFor, bulkActionsFor, dueAt, planOf, titleOf } from '../../http/dashboard/src/actions';
import { countCsvRows, withoutHeader } from '../../http/dashboard/src/export';
import { catalogues, translate, type Key } from '../../http/dashboard/src/i18n';
import { addSample, differences, keepSame, sampleBefore, sumBy } from '../../http/dashboard/src/series';
import { searchPage } from '../../http/dashboard/src/search';
import { fromAnswer } from '../../http/dashboard/src/session';
import { DEFAULTS, readSettings } from '../../http/dashboard/src/settings';
import type { Delivery, Job } from '../../http/dashboard/src/types';
import { changeQuery, countFilters, nextPlace, pick, readQuery, writeQuery } from '../../http/dashboard/src/url_state';

test('a query is the same after a round through the URL', () => {
  const query = { status: 'failed', q: 'a&b=c #1 ü', from: '2026-11-24T00:00:00.000Z' };
  assert.deepEqual(readQuery(writeQuery(query)), query);
  assert.equal(writeQuery({ a: '' }), '');
});

test('empty and repeated parameters do not count', () => {
  assert.deepEqual(readQuery('?a=&b=%20x%20&b=y'), { b: 'x' });
});

test('a changed filter starts at the first page', () => {
  assert.deepEqual(changeQuery({ status: 'failed', cursor: 'x' }, { queue: 'bulk' }), { status: 'failed', queue: 'bulk' });
  assert.deepEqual(changeQuery({ status: 'failed', cursor: 'x' }, { cursor: 'y' }), { status: 'failed', cursor: 'y' });
  assert.deepEqual(changeQuery({ status: 'failed' }, { status: '' }), {});
});

test('only known filters are sent', () => {
  assert.deepEqual(pick({ status: 'failed', tail: '1' }, ['q', 'status']), { status: 'failed' });
  assert.equal(countFilters({ status: 'failed', cursor: 'x', q: 'y' }, ['cursor']), 2);
});

test('differences of counters are rates, and their sum is the change', () => {
  const samples = [0, 1000, 3000].map((time, index) => ({ time, values: { completed: [10, 20, 110][index]! } }));
  const points = differences(samples);
  assert.deepEqual(points.map(({ rates }) => rates.completed), [10, 45]);
  assert.equal(points.reduce((sum, { counts }) => sum + counts.completed!, 0), 100);
});

test('a restarted server does not make negative rates', () => {
  const points = differences([{ time: 0, values: { completed: 500 } }, { time: 1000, values: { completed: 3 } }]);
  assert.equal(points[0]!.counts.completed, 3);
});

test('samples older than the window go', () => {
  let samples = addSample([], { time: 0, values: {} }, 60_000);
  samples = addSample(samples, { time: 59_000, values: {} }, 60_000);
  samples = addSample(samples, { time: 61_000, values: {} }, 60_000);
  assert.deepEqual(samples.map(({ time }) => time), [59_000, 61_000]);
  assert.deepEqual(addSample(samples, { time: 5, values: {} }, 60_000).map(({ time }) => time), [5]);
});

test('rows that did not change keep their identity', () => {
  const before = [{ id: 'a', n: 1 }, { id: 'b', n: 1 }];
  const after = keepSame(before, [{ id: 'c', n: 0 }, { id: 'a', n: 1 }, { id: 'b', n: 2 }], ({ id }) => id);
  assert.equal(after[1], before[0]);
  assert.notEqual(after[2], before[1]);
});

test('stored settings are checked', () => {
  assert.deepEqual(readSettings('{"theme":"dark","interval":7,"pageSize":100,"zone":"mars"}', 'fr-FR'),
    { ...DEFAULTS, theme: 'dark', pageSize: 100 });
  assert.deepEqual(readSettings('not json', 'en-GB'), DEFAULTS);
  assert.equal(readSettings(null, 'de-AT').language, 'de');
});

test('a status allows only what the server would do', () => {
  assert.deepEqual(actionsFor('failed'), ['retry', 'delete']);
  assert.deepEqual(actionsFor('processing'), ['cancel']);
  assert.deepEqual(actionsFor('scheduled'), ['run', 'cancel', 'delete']);
  assert.deepEqual(bulkActionsFor(['completed']), ['delete']);
});

const job = (part: Partial<Job>): Job => ({
  id: 'x', kind: 'notification', queue: 'default', status: 'pending', priority: 5, attempts: 0, maxRetries: 3, createdAt: '',
  updatedAt: '', metadata: {}, tags: [], deliveries: {}, logs: [], ...part });

test('a job is called by what it says', () => {
  assert.equal(titleOf(job({ notification: { via: ['email'], email: { subject: 'Hello' } } })), 'Hello');
  assert.equal(titleOf(job({ kind: 'resize-image' })), 'resize-image');
  assert.equal(titleOf(job({ notification: { email: null, x: ['y'] } })), 'notification');
});

test('a retrying job is due with its first delivery', () => {
  const delivery = (nextAttemptAt: string): Delivery => ({ status: 'retrying', attempts: 1, nextAttemptAt });
  assert.equal(dueAt(job({ status: 'retrying', deliveries: { a: delivery('2026-02-02'), b: delivery('2026-01-01') } })), '2026-01-01');
  assert.equal(dueAt(job({ status: 'completed' })), undefined);
});

test('rows of a file are counted, whatever is inside quotes', () => {
  const text = 'id,error\r\n1,"two\r\nlines, and a ""quote"""\r\n2,\r\n';
  assert.equal(countCsvRows(text), 3);
  assert.equal(countCsvRows(withoutHeader(text)), 2);
  assert.equal(withoutHeader('id\r\n'), '');
});

test('how the channels of a notification hang together is read from it', () => {
  const plan = planOf(job({ notification: { strategy: 'best-effort', fallback: [{ channel: 'sms', insteadOf: 'push' }] } }));
  assert.deepEqual(plan, { strategy: 'best-effort', fallbacks: [{ channel: 'sms', insteadOf: 'push' }] });
  assert.deepEqual(planOf(job({ notification: { strategy: 'other', fallback: 'x' } })), { strategy: undefined, fallbacks: [] });
});

test('the first look knows what happened in the ten seconds before it', () => {
  const now = { time: 20_000, values: { completed: 105, failed: 1 } };
  const before = sampleBefore(now, { completed: 0.5, failed: 3 });
  assert.deepEqual(before, { time: 10_000, values: { completed: 100, failed: 0 } });
  assert.deepEqual(differences([before, now]).map(({ counts }) => counts), [{ completed: 5, failed: 1 }]);
});

test('steps are summed up by their key, in order', () => {
  assert.deepEqual(sumBy([0, 1, 2, 3], [1, 2, 4, 8], (time) => Math.floor(time / 3)), { times: [0, 3], values: [7, 8] });
});

test('every language has every key, with the same places', () => {
  const places = (message: unknown) => [...new Set(JSON.stringify(message).match(/\{\w+\}/g) ?? [])].sort();
  for (const key of Object.keys(catalogues.en) as Key[]) {
    for (const [language, catalogue] of Object.entries(catalogues)) {
      assert.ok(catalogue[key], `${language} ${key}`);
      assert.deepEqual(places(catalogue[key]), places(catalogues.en[key]), `${language} ${key}`);
    }
  }
  for (const [language, catalogue] of Object.entries(catalogues)) {
    assert.deepEqual(Object.keys(catalogue).sort(), Object.keys(catalogues.en).sort(), `${language} has keys that nobody asks for`);
  }
});

test('plurals follow the language', () => {
  assert.equal(translate('en', 'export.done', { count: 1 }), 'Done: 1 row exported.');
  assert.equal(translate('en', 'export.done', { count: 2000 }), 'Done: 2,000 rows exported.');
  assert.equal(translate('de', 'export.done', { count: 2000 }), 'Erledigt: 2.000 Zeilen exportiert.');
});

test('an unknown role may only look', () => {
  assert.deepEqual(fromAnswer({ user: 'ann', role: 'owner', loginRequired: true }), { state: 'signed-in', name: 'ann', role: 'viewer' });
  assert.equal(fromAnswer({ user: 'local', role: 'admin', loginRequired: false }).state, 'none');
});

test('after signing in only pages of our own are opened', () => {
  assert.deepEqual(nextPlace('/dashboard/jobs?status=failed', '/dashboard'), { path: '/jobs', query: { status: 'failed' } });
  for (const bad of ['https://example.com/', '//example.com', '/other', '/dashboardx', '/dashboard/sign-in', '/\\example.com', undefined]) {
    assert.deepEqual(nextPlace(bad, '/dashboard'), { path: '/', query: {} });
  }
});

const stop = new AbortController().signal;
const page = (part: object) => ({ total: 0, totalExact: false, truncated: false, ...part });

test('a search that stopped early is taken up again until the page is full', async () => {
  const asked: unknown[] = [];
  const answers = [
    { rows: ['a'], page: page({ truncated: true, next: 'c1', prev: 'p0', total: 1 }) },
    { rows: [], page: page({ truncated: true, next: 'c2', total: 1 }) },
    { rows: ['b', 'c'], page: page({ truncated: true, next: 'c3', total: 3 }) },
  ];
  const found = await searchPage(async (query) => { asked.push(query); return answers.shift()!; }, { q: 'x' }, 3, stop, () => 0);
  assert.deepEqual(found.rows, ['a', 'b', 'c']);
  assert.deepEqual(asked, [{ q: 'x', limit: '3' }, { q: 'x', cursor: 'c1', limit: '2' }, { q: 'x', cursor: 'c2', limit: '2' }]);
  assert.deepEqual([found.page.next, found.page.prev, found.page.total], ['c3', 'p0', 3]);
});

test('a search that finds nothing for long stops, and says how to go on', async () => {
  let time = 0;
  const found = await searchPage(async () => { time += 300; return { rows: [], page: page({ truncated: true, next: 'c' }) }; },
    { tag: 'x' }, 50, stop, () => time);
  assert.ok(time > 2000 && time < 3000);
  assert.equal(found.page.truncated, true);
  assert.equal(found.page.next, 'c');
});
