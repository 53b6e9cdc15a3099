// The page of one job, and what can be done to it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, enqueue, hookConfig, jobIn, openPage, startBrowser, startProvider, startServer, until } from './support.mjs';

let browser; let provider; let server;
before(async () => {
  browser = await startBrowser();
  provider = await startProvider();
  server = await startServer({ config: hookConfig(provider) });
});
after(async () => { await browser?.close(); await server?.stop(); await provider?.stop(); });

test('payload, timeline and attempts; a big integer keeps its digits', async () => {
  provider.answer = () => 503;
  const answer = await fetch(`${server.origin}/api/notifications`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: '{"notification":{"via":["hook"],"hook":{"body":{"order":9007199254740993}}},"recipient":{},"options":{"maxRetries":2,"retryDelay":200}}' });
  const { id } = JSON.parse(await answer.text());
  await jobIn(server, id, 'failed');
  const { page, context, seen } = await openPage(browser);
  await page.goto(`${server.url}/jobs/${id}`);
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  assert.match(await page.getByLabel('Payload').last().innerText(), /"order": 9007199254740993\b/);
  const events = await page.locator('.timeline .event time').evaluateAll((all) => all.map((one) => one.dateTime));
  assert.deepEqual(events, [...events].sort());
  assert.equal(await page.locator('.timeline .event.s-processing').count(), 3);
  assert.equal(await page.locator('.timeline .event pre').count(), 3);
  assert.deepEqual(seen.problems, []);
  await context.close();
});

test('the countdown falls, and the state changes without a reload', async () => {
  provider.answer = () => 503;
  const { id } = await enqueue(server, { options: { maxRetries: 1, retryDelay: 4000 } });
  await jobIn(server, id, 'retrying');
  provider.answer = () => 200;
  const { page, context } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(`${server.url}/jobs/${id}`);
  const countdown = page.locator('.facts .countdown');
  const seconds = async () => Number(/(\d+) s/.exec(await countdown.innerText())?.[1] ?? 0);
  const first = await seconds();
  await until(seconds, (left) => left < first, 'it counts down');
  await page.locator('.heading .badge', { hasText: 'Completed' }).waitFor();
  await context.close();
});

test('retry starts a failed job afresh', async () => {
  provider.answer = () => 400;
  const { id } = await enqueue(server);
  await jobIn(server, id, 'failed');
  provider.answer = () => 200;
  const { page, context } = await openPage(browser);
  await page.goto(`${server.url}/jobs/${id}`);
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByText('Done: the job is queued again.').waitFor();
  await page.locator('.heading .badge', { hasText: 'Completed' }).waitFor();
  await context.close();
});

test('run now, cancel and delete ask where they should', async () => {
  provider.answer = () => 200;
  const later = { options: { delay: 3_600_000 } };
  const [run, cancel, remove] = [await enqueue(server, later), await enqueue(server, later), await enqueue(server, later)];
  const { page, context } = await openPage(browser);
  await page.goto(`${server.url}/jobs/${run.id}`);
  await page.getByRole('button', { name: 'Run now' }).click();
  await page.locator('.heading .badge', { hasText: 'Completed' }).waitFor();

  await page.goto(`${server.url}/jobs/${cancel.id}`);
  await page.getByRole('button', { name: 'Cancel job' }).click();
  const dialog = page.getByRole('dialog');
  assert.match(await dialog.innerText(), new RegExp(cancel.id));
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal((await api(server, `jobs/${cancel.id}`)).status, 'scheduled', 'escape changes nothing');
  await page.getByRole('button', { name: 'Cancel job' }).click();
  await dialog.getByRole('button', { name: 'Cancel job' }).click();
  await page.locator('.heading .badge', { hasText: 'Cancelled' }).waitFor();

  await page.goto(`${server.url}/jobs/${remove.id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL(/\/jobs$/);
  await page.getByText('Done: the job is deleted.').waitFor();
  assert.equal((await fetch(`${server.origin}/api/jobs/${remove.id}`)).status, 404);
  await context.close();
});

test('an action that came too late says so and shows the new state', async () => {
  provider.answer = () => 400;
  const { id } = await enqueue(server);
  await jobIn(server, id, 'failed');
  provider.answer = () => 200;
  const { page, context } = await openPage(browser, { settings: { paused: true } });
  await page.goto(`${server.url}/jobs/${id}`);
  await page.getByRole('button', { name: 'Retry' }).waitFor();
  await api(server, `jobs/${id}/retry`, { method: 'POST' });
  await jobIn(server, id, 'completed');
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.locator('.toast.failed').waitFor();
  await page.locator('.heading .badge', { hasText: 'Completed' }).waitFor();
  await context.close();
});

test('an unknown job is a page that says so', async () => {
  const { page, context, seen } = await openPage(browser);
  await page.goto(`${server.url}/jobs/0193b0c2-0000-7000-8000-000000000001`);
  await page.getByText('There is no job of that id').waitFor();
  await page.goto(`${server.url}/jobs/nonsense`);
  await page.getByText('There is no job of that id').waitFor();
  assert.deepEqual(seen.problems, []);
  await context.close();
});

test('a paused queue keeps its jobs, and drains when it is resumed', async () => {
  provider.answer = () => 200;
  await enqueue(server, { options: { queue: 'bulk' } });
  const { page, context } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(`${server.url}/queues`);
  await page.getByRole('button', { name: 'Pause bulk' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  const row = page.locator('tr[data-queue="bulk"]');
  await row.locator('.badge', { hasText: 'Paused' }).waitFor();
  const before = provider.requests;
  for (let i = 0; i < 3; ++i) await enqueue(server, { options: { queue: 'bulk' } });
  await row.getByRole('link', { name: '3', exact: true }).waitFor();
  assert.equal(provider.requests, before);
  await page.getByRole('button', { name: 'Resume bulk' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
  await until(() => provider.requests, (count) => count === before + 3, 'the queue drained');
  await row.locator('.badge', { hasText: 'Running' }).waitFor();
  await context.close();
});
