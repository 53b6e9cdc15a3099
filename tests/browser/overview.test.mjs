// The overview, and what a first load costs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, enqueue, hookConfig, openPage, startBrowser, startProvider, startServer, until } from './support.mjs';

let browser; let provider; let server;
before(async () => {
  browser = await startBrowser();
  provider = await startProvider();
  server = await startServer({ config: hookConfig(provider) });
});
after(async () => { await browser?.close(); await server?.stop(); await provider?.stop(); });

const digits = (text) => Number(text.replace(/\D/g, ''));
const counter = (page, status) => page.locator(`[data-status="${status}"]`).innerText().then(digits);
const panelOf = (page, title) => page.locator('section.panel').filter({ has: page.getByRole('heading', { name: title, exact: true }) });

test('check 1: counters equal the statistics and follow them without a reload', async () => {
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

test('check 5: a first load is at most 8 requests and 90 kB, all to the own host', async () => {
  const { page, context, seen } = await openPage(browser, { settings: { interval: 30 } });
  const session = await context.newCDPSession(page);
  let bytes = 0;
  await session.send('Network.enable');
  session.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await page.goto(server.url, { waitUntil: 'networkidle' });
  await page.locator('.chart').first().waitFor();
  assert.ok(seen.requests.length <= 8, `${seen.requests.length} requests: ${seen.requests.map((request) => request.url()).join(' ')}`);
  assert.ok(bytes > 10_000 && bytes <= 90_000, `${bytes} bytes`);
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

test('check 2: after 100 completed jobs the live graph adds up to 100', async () => {
  const { page, context } = await openPage(browser, { settings: { interval: 1 } });
  // What was done before is in the window of a page that has just been opened.
  await until(() => api(server, 'live'), ({ rates }) => rates.completed === 0 && rates.enqueued === 0, 'it is quiet', 20_000);
  await page.goto(server.url);
  const panel = panelOf(page, 'Live, jobs per second');
  await panel.getByRole('button', { name: 'View as table' }).click();
  await panel.locator('tbody tr').first().waitFor();
  for (let i = 0; i < 100; ++i) await enqueue(server);
  const sum = async (column) => digits(await panel.locator('tfoot td').nth(column).innerText());
  await until(() => sum(1), (total) => total === 100, 'a hundred completed jobs are plotted');
  assert.equal(await sum(0), 100, 'and as many enqueued ones');
  await context.close();
});

test('check 3: the range of the history is in the URL, and its buckets add up', async () => {
  const { page, context } = await openPage(browser);
  await page.goto(server.url);
  const panel = panelOf(page, 'History');
  const { queue } = await api(server, 'stats');
  const sum = () => panel.locator('tfoot td').first().innerText().then(digits);
  for (const [name, range] of [['24 h', '24h'], ['7 days', '7d'], ['30 days', '30d'], ['1 h', '1h']]) {
    await panel.getByRole('link', { name }).click();
    assert.equal(new URL(page.url()).searchParams.get('range'), range);
    await page.reload();
    await panel.getByRole('button', { name: 'View as table' }).click();
    await until(sum, (value) => value === queue.completed, `the sum over ${name} is ${queue.completed}`);
  }
  await context.close();
});

test('check 3: days begin at midnight of the chosen zone', async () => {
  // A zone where it is now between midnight and one o'clock (Etc/GMT-5 is five hours ahead of UTC).
  const hour = new Date().getUTCHours();
  const ahead = hour === 0 ? 0 : hour <= 12 ? -hour : 24 - hour;
  const timezoneId = ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
  await enqueue(server);
  const { queue } = await until(() => api(server, 'stats'), ({ queue: now }) => now.pending + now.processing === 0);
  const { page, context } = await openPage(browser, { timezoneId });
  await page.goto(`${server.url}?range=30d`);
  const panel = panelOf(page, 'History');
  await panel.getByRole('button', { name: 'View as table' }).click();
  const rows = () => panel.locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  const all = await until(rows, (some) => some.length === 30, 'thirty days are shown');
  for (const [when] of all) assert.match(when, /, 00:00:00/, `${when} is a midnight`);
  // All of it happened since this process began: today, or in the last minutes of yesterday.
  const done = all.slice(-2).map((row) => digits(row[1]));
  assert.equal(done[0] + done[1], queue.completed);
  assert.ok(done[1] > 0, 'today has the newest');
  await context.close();
});

test('check 4: percentiles of jobs of known durations are within five percent', async (t) => {
  // Of a hundred: sixty of a second, thirty-eight of two, two of four.
  const own = await startServer({ config: hookConfig(provider) });
  t.after(() => own.stop());
  let number = 0;
  provider.answer = async () => {
    const mine = number++;
    await new Promise((resolve) => setTimeout(resolve, mine % 50 === 49 ? 4000 : mine % 5 < 3 ? 1000 : 2000));
    return 200;
  };
  for (let i = 0; i < 100; ++i) await enqueue(own);
  await until(() => api(own, 'stats'), ({ queue }) => queue.completed === 100, 'all ran', 60_000);
  provider.answer = () => 200;
  const { page, context } = await openPage(browser, { viewport: { width: 1280, height: 2000 } });
  await page.goto(`${own.url}?range=24h`);
  const panel = panelOf(page, 'Run time');
  await panel.getByRole('button', { name: 'View as table' }).click();
  const last = panel.locator('tbody tr').last();
  await last.waitFor();
  // The hour may have changed while they ran.
  const rows = await panel.locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].slice(1).map((cell) => cell.textContent)));
  const shown = rows.filter((cells) => cells.some((cell) => cell !== '–'));
  assert.ok(shown.length >= 1);
  if (shown.length === 1) {
    for (const [at, truth] of [[0, 1000], [1, 2000], [2, 4000]]) {
      const value = parseFloat(shown[0][at]) * (shown[0][at].endsWith(' ms') ? 1 : 1000);
      assert.ok(Math.abs(value - truth) <= truth * 0.05 + 50, `${['p50', 'p95', 'p99'][at]} is ${shown[0][at]}, should be ${truth} ms`);
    }
  }
  const [channel] = (await api(own, 'channels')).channels.filter(({ name }) => name === 'hook');
  for (const [name, truth] of [['p50', 1000], ['p95', 2000], ['p99', 4000]]) {
    assert.ok(Math.abs(channel.latency[name] - truth) <= truth * 0.05, `${name} of the channel is ${channel.latency[name]}`);
  }
  await context.close();
});
