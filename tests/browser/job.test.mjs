// The page of one job, and what can be done to it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, enqueue, hookConfig, jobIn, openPage, startBrowser, startProvider, startServer, until } from './support.mjs';

let browser; let provider; let server;
before(async () => {
  browser = await startBrowser();
  provider = await startProvider();
  server = await startServer({ config: hookConfig(provider, '[channels.in_app]') });
});
after(async () => { await browser?.close(); await server?.stop(); await provider?.stop(); });

test('check 12: payload, timeline and attempts; a big integer keeps its digits', async () => {
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

test('check 13: the countdown falls, and the state changes without a reload', async () => {
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

test('check 15: retry starts a failed job afresh', async () => {
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

test('check 15: run now, cancel and delete ask where they should', async () => {
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

test('check 15: an action that came too late says so where it was asked, and shows the new state', async () => {
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
  const refusal = page.getByRole('alert');
  await refusal.waitFor();
  assert.match(await refusal.innerText(), /This was not done\.[\s\S]*completed/);
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

test('check 17: a paused queue keeps its jobs, and drains when it is resumed', async () => {
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

test('a delivery that was left out says why, and how the channels hang together is shown', async () => {
  provider.answer = () => 200;
  const { id } = await api(server, 'notifications', { method: 'POST', body: {
    notification: { via: ['hook'], strategy: 'best-effort', fallback: [{ channel: 'in_app', insteadOf: 'hook' }],
      hook: { body: {} }, in_app: { title: 'Instead', message: 'of the hook' } },
    recipient: { in_app: { userId: '42' } } } });
  const job = await jobIn(server, id, 'completed');
  assert.equal(job.deliveries.in_app.status, 'skipped');
  const { page, context } = await openPage(browser);
  await page.goto(`${server.url}/jobs/${id}`);
  await page.locator('.badge', { hasText: 'Not sent' }).waitFor();
  assert.ok((await page.locator('.reason').innerText()).includes(`Not sent: ${job.deliveries.in_app.error}`));
  assert.match(await page.locator('.facts').first().innerText(), /At least one[\s\S]*in_app instead of hook/);
  await context.close();
});

test('check 18: a part that fails is unhealthy once it is known to, not before, and healthy when it works again', async (t) => {
  const own = await startServer({ config: hookConfig(provider, '', 'failures = 3, cooldown = "15s"') });
  t.after(() => own.stop());
  provider.answer = () => 503;
  const { page, context } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(`${own.url}/about`);
  const checks = page.locator('.facts').nth(1);
  const first = page.locator('.facts').first();
  await first.getByText('Healthy').waitFor();
  for (let i = 0; i < 2; ++i) await jobIn(own, (await enqueue(own)).id, 'failed');
  await page.reload();
  await first.getByText('Healthy').waitFor();
  await jobIn(own, (await enqueue(own)).id, 'failed');
  await first.getByText('Degraded').waitFor();
  assert.match(await checks.innerText(), /channels\s[^\n]*hook/);
  await page.goto(`${own.url}/channels`);
  await page.locator('tr[data-channel="hook"] .badge', { hasText: 'Open' }).waitFor();
  provider.answer = () => 200;
  const probe = async () => { await enqueue(own); return api(own, 'channels'); };
  await until(probe, ({ channels }) => channels.find(({ name }) => name === 'hook').providers[0].breaker === 'closed', 'the breaker closes', 30_000);
  await page.goto(`${own.url}/about`);
  await first.getByText('Healthy').waitFor();
  await context.close();
});
