// A job of a kind with a handler while it runs, on the demo server, and what else the demo shows.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, jobIn, openPage, startBrowser, startServer, until } from './support.mjs';

let browser; let server;
before(async () => {
  browser = await startBrowser();
  server = await startServer({ args: ['--demo'] });
});
after(async () => { await browser?.close(); await server?.stop(); });

const run = (kind, payload, options = {}) => api(server, 'jobs', { method: 'POST', body: { kind, payload, options: { priority: 'CRITICAL', ...options } } });

test('check 14: progress and log lines of a running job appear, and its result', async () => {
  const { id } = await run('report', { name: 'sales', month: '2026-10', pages: 12 });
  await jobIn(server, id, 'processing');
  const { page, context } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(`${server.url}/jobs/${id}`);
  const bar = page.getByRole('progressbar', { name: 'Progress' });
  await bar.waitFor();
  const share = () => bar.evaluate((progress) => progress.value);
  const first = await share();
  await until(share, (value) => value > first && value < 100, 'it moves while it runs', 4000);
  const lines = page.locator('.log-lines li');
  const before = await lines.count();
  await until(() => lines.count(), (count) => count > before, 'further lines appear', 6000);
  await page.locator('.heading .badge', { hasText: 'Completed' }).waitFor();
  assert.equal(await share(), 100);
  assert.match(await lines.last().innerText(), /page 12 is drawn/);
  assert.match(await page.getByLabel('Result').last().innerText(), /"file": "sales\.pdf"/);
  await context.close();
});

test('check 14: they go on after a retry', async () => {
  const { id } = await run('import', { file: 'customers.csv', rows: 480 }, { maxRetries: 1, retryDelay: 1500 });
  const { page, context } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(`${server.url}/jobs/${id}`);
  await page.getByRole('progressbar', { name: 'Progress' }).waitFor();
  await page.locator('.heading .badge', { hasText: 'Retrying' }).waitFor();
  await page.locator('.heading .badge', { hasText: 'Processing' }).waitFor();
  await until(() => page.getByRole('progressbar', { name: 'Progress' }).evaluate((progress) => progress.value), (value) => value > 30, 'the second attempt moves on');
  await page.locator('.heading .badge', { hasText: 'Completed' }).waitFor();
  assert.match(await page.locator('.log-lines li').last().innerText(), /#2\s*480 rows are in/);
  await context.close();
});

test('the demo shows something on every page within ten seconds', async () => {
  const { page, context, seen } = await openPage(browser, { settings: { interval: 1 } });
  await until(() => api(server, 'stats'), ({ queue }) => Object.values(queue).every((count) => count > 0), 'jobs in every state', 20_000);
  for (const path of ['/jobs', '/scheduled', '/failed', '/errors', '/logs', '/audit']) {
    await page.goto(server.url + path);
    await page.locator('table.list tbody tr').first().waitFor();
  }
  await page.goto(`${server.url}/queues`);
  await page.locator('tr[data-queue="newsletter"] .badge', { hasText: 'Paused' }).waitFor();
  await page.goto(`${server.url}/channels`);
  await page.locator('tr.sub', { hasText: 'carrier-north' }).locator('.badge', { hasText: 'Open' }).waitFor();
  await page.goto(`${server.url}/errors`);
  await until(() => page.locator('table.list tbody tr').count(), (count) => count >= 3, 'errors of different types', 30_000);
  assert.ok((await api(server, 'jobs?kind=report')).total > 0);
  assert.deepEqual(seen.problems, []);
  await context.close();
});
