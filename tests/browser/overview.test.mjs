// The overview, and what a first load costs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, enqueue, hookConfig, needs, openPage, startBrowser, startProvider, startServer, until } from './support.mjs';

let browser; let provider; let server;
before(async () => {
  browser = await startBrowser();
  provider = await startProvider();
  server = await startServer({ config: hookConfig(provider) });
});
after(async () => { await browser?.close(); await server?.stop(); await provider?.stop(); });

const counter = (page, status) => page.locator(`[data-status="${status}"]`).innerText().then((text) => Number(text.replace(/\D/g, '')));

test('counters equal the statistics and follow them without a reload', async () => {
  const { page, context, seen } = await openPage(browser);
  await page.goto(server.url);
  await page.locator('[data-status="completed"]', { hasText: /\d/ }).waitFor();
  const before = await counter(page, 'completed');
  assert.equal(before, (await api(server, 'stats')).queue.completed);
  for (let i = 0; i < 20; ++i) await enqueue(server);
  await until(() => counter(page, 'completed'), (count) => count === before + 20, 'the counter grew by 20', 5000);
  const { queue } = await api(server, 'stats');
  for (const status of Object.keys(queue)) assert.equal(await counter(page, status), queue[status], status);
  assert.deepEqual(seen.problems, []);
  await context.close();
});

test('a first load is at most 8 requests and 90 kB, all to the own host', async (t) => {
  if (!await needs(t, server, 'live')) return;
  const { page, context, seen } = await openPage(browser);
  const session = await context.newCDPSession(page);
  let bytes = 0;
  await session.send('Network.enable');
  session.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await page.goto(server.url, { waitUntil: 'load' });
  await page.locator('[data-status="completed"]', { hasText: /\d/ }).waitFor();
  assert.ok(seen.requests.length <= 8, `${seen.requests.length} requests: ${seen.requests.map((request) => request.url()).join(' ')}`);
  assert.ok(bytes <= 90_000, `${bytes} bytes`);
  await page.waitForLoadState('networkidle');
  assert.deepEqual([...new Set(seen.foreign)], [server.origin]);
  await context.close();
});

test('nothing inline: the policy allows own files only and reports nothing', async () => {
  const { page, context, seen } = await openPage(browser);
  const answer = await page.goto(server.url);
  const policy = answer.headers()['content-security-policy'];
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  await page.locator('.chart, .empty').first().waitFor();
  assert.deepEqual(seen.problems, []);
  await context.close();
});

test('the live graph adds up to what was done', async (t) => {
  if (!await needs(t, server, 'live')) return;
  const { page, context } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(server.url);
  const panel = page.locator('section.panel', { hasText: 'Live, jobs per second' });
  await panel.getByRole('button', { name: 'View as table' }).click();
  await panel.locator('tbody tr').first().waitFor();
  const done = (await api(server, 'live')).totals.completed;
  for (let i = 0; i < 100; ++i) await enqueue(server);
  await until(() => api(server, 'live'), ({ totals }) => totals.completed === done + 100, 'all ran');
  // Rates times the time between two rows is what happened between them.
  const total = async () => {
    const rows = await panel.locator('tbody tr').evaluateAll((all) => all.map((row) =>
      [...row.cells].map((cell) => cell.textContent)));
    let sum = 0;
    for (let i = 1; i < rows.length; ++i) {
      const seconds = (Date.parse(rows[i][0]) - Date.parse(rows[i - 1][0])) / 1000;
      sum += Number(rows[i][2].replace(/,/g, '')) * seconds;
    }
    return sum;
  };
  await until(total, (sum) => sum > 60, 'the graph shows the jobs');
  await context.close();
});

test('the range of the history is in the URL, and its buckets add up', async (t) => {
  if (!await needs(t, server, 'series')) return;
  const { page, context } = await openPage(browser);
  await page.goto(server.url);
  const panel = page.locator('section.panel', { hasText: 'History' });
  await panel.getByRole('link', { name: '7 days' }).click();
  assert.equal(new URL(page.url()).searchParams.get('range'), '7d');
  await panel.getByRole('button', { name: 'View as table' }).click();
  const { queue } = await api(server, 'stats');
  const sum = () => panel.locator('tfoot td').first().innerText().then((text) => Number(text.replace(/\D/g, '')));
  await page.reload();
  await panel.getByRole('button', { name: 'View as table' }).click();
  await until(sum, (value) => value === queue.completed, `the sum is ${queue.completed}`);
  await context.close();
});
