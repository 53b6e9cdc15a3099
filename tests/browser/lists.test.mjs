// Lists of jobs: filters in the URL, search, sorting, pages, actions on many, export.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { api, enqueue, hookConfig, needs, openPage, startBrowser, startProvider, startServer, until } from './support.mjs';

const FAILED = 60;
let browser; let provider; let server;
const ids = { alpha: [], beta: [] };
before(async () => {
  browser = await startBrowser();
  provider = await startProvider();
  provider.answer = () => 400;
  server = await startServer({ config: hookConfig(provider) });
  for (let i = 0; i < FAILED; ++i) {
    const queue = i % 3 === 0 ? 'alpha' : 'beta';
    const job = await enqueue(server, { options: { queue, priority: i % 2 ? 'HIGH' : 'LOW', tags: [`n${i}`, i === 7 ? '=needle' : 'hay'] } });
    ids[queue].push(job.id);
  }
  await until(() => api(server, 'stats'), ({ queue }) => queue.failed === FAILED, 'all failed');
});
after(async () => { await browser?.close(); await server?.stop(); await provider?.stop(); });

const rows = (page) => page.locator('table.list tbody tr').evaluateAll((all) => all.map((row) => row.dataset.id));
const shown = (page, count) => until(() => rows(page), (all) => all.length === count, `${count} rows are shown`);

test('filters are in the URL and list exactly what matches; reload and Back keep them', async () => {
  const { page, context } = await openPage(browser, { settings: { pageSize: 100 } });
  await page.goto(`${server.url}/jobs`);
  await shown(page, FAILED);
  await page.getByRole('combobox', { name: 'Queue' }).selectOption('alpha');
  assert.deepEqual((await shown(page, ids.alpha.length)).sort(), [...ids.alpha].sort());
  await page.getByRole('combobox', { name: 'Priority' }).selectOption('HIGH');
  await shown(page, 10);
  assert.equal(new URL(page.url()).search, '?queue=alpha&priority=HIGH');
  await page.reload();
  await shown(page, 10);
  await page.goBack();
  await shown(page, ids.alpha.length);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await shown(page, FAILED);
  await page.getByRole('textbox', { name: 'Tag' }).fill('n7');
  await page.keyboard.press('Enter');
  await shown(page, 1);
  await context.close();
});

test('a tab shows one state with its count, and its view leads there too', async () => {
  const { page, context } = await openPage(browser);
  await page.goto(`${server.url}/jobs`);
  const tab = page.getByRole('navigation', { name: 'States' }).getByRole('link', { name: /^Failed/ });
  await until(() => tab.innerText(), (text) => text.includes(String(FAILED)), 'the tab has its count');
  await tab.click();
  await shown(page, 50);
  assert.equal(new URL(page.url()).searchParams.get('status'), 'failed');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: /^Scheduled/ }).click();
  await page.getByText('No job is in this state').waitFor();
  await context.close();
});

test('search finds one job of many', async () => {
  const { page, context } = await openPage(browser);
  await page.goto(server.url);
  await page.locator('#page-title').waitFor();
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'search');
  await page.keyboard.type('needle');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/jobs\?q=needle/);
  const found = await until(() => rows(page), (all) => all.length <= 1, 'the search is answered');
  assert.ok(found.length <= 1);
  await context.close();
});

test('pages by cursor show every job once while others arrive', async () => {
  const { page, context } = await openPage(browser, { settings: { pageSize: 25, paused: true } });
  await page.goto(`${server.url}/failed`);
  const seen = [];
  seen.push(...await shown(page, 25));
  let arrived = 0;
  for (let number = 2; number <= 3; ++number) {
    for (let i = 0; i < 5; ++i, ++arrived) await enqueue(server, { options: { queue: 'late' } });
    const before = page.url();
    await page.getByRole('button', { name: 'Next' }).click();
    await until(() => page.url(), (url) => url !== before);
    seen.push(...await until(() => rows(page), (all) => all.length > 0 && !seen.includes(all[0]), 'the next page is shown'));
  }
  assert.equal(new Set(seen).size, seen.length, 'no job twice');
  for (const id of [...ids.alpha, ...ids.beta]) assert.ok(seen.includes(id), 'none is skipped');
  await page.goBack();
  await shown(page, 25);
  await until(() => api(server, 'stats'), ({ queue }) => queue.failed === FAILED + arrived, 'the late ones failed too');
  await context.close();
});

test('sorted by when they ended, both ways', async (t) => {
  const answer = await fetch(`${server.origin}/api/jobs?status=failed&sort=finishedAt`);
  if (!answer.ok) return t.skip('this server does not sort by finishedAt');
  const { page, context } = await openPage(browser, { settings: { pageSize: 200 } });
  await page.goto(`${server.url}/failed`);
  await until(() => rows(page), (all) => all.length >= FAILED);
  for (const direction of ['descending', 'ascending']) {
    await page.getByRole('button', { name: /^Finished/ }).click();
    await page.locator(`th[aria-sort="${direction}"]`, { hasText: 'Finished' }).waitFor();
    const sort = direction === 'ascending' ? 'finishedAt' : '-finishedAt';
    const { jobs } = await api(server, `jobs?status=failed&limit=200&sort=${sort}`);
    await until(() => rows(page), (all) => JSON.stringify(all) === JSON.stringify(jobs.map(({ id }) => id)), `rows are ${direction}`);
  }
  await context.close();
});

test('three ticked rows are named, deleted, and nothing else', async (t) => {
  if (!await needs(t, server, 'jobs/bulk', 'POST')) return;
  const { page, context } = await openPage(browser, { settings: { pageSize: 100 } });
  await page.goto(`${server.url}/failed?queue=beta`);
  const all = await shown(page, ids.beta.length);
  const chosen = all.slice(0, 3);
  for (const id of chosen) await page.locator(`tr[data-id="${id}"] input`).check();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  const dialog = page.getByRole('dialog');
  assert.match(await dialog.innerText(), /3 jobs/);
  await dialog.getByRole('button', { name: 'Delete (3)' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Done: delete, 3 jobs.').waitFor();
  const left = await shown(page, ids.beta.length - 3);
  assert.deepEqual(left, all.slice(3));
  assert.notEqual(await page.evaluate(() => document.activeElement?.tagName), 'BODY', 'the focus is not lost');
  ids.beta = left;
  await context.close();
});

test('everything that matches is retried, and nothing else', async (t) => {
  if (!await needs(t, server, 'jobs/bulk', 'POST')) return;
  const { page, context } = await openPage(browser, { settings: { pageSize: 25 } });
  await page.goto(`${server.url}/failed?queue=beta`);
  await shown(page, 25);
  const outside = (await api(server, 'jobs?queue=alpha&limit=100')).jobs.map(({ id, updatedAt }) => [id, updatedAt]);
  await page.getByLabel('Select all on this page').check();
  await page.getByRole('button', { name: `Select all ${ids.beta.length} that match` }).click();
  provider.answer = () => 200;
  await page.getByRole('button', { name: 'Retry', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: `Retry (${ids.beta.length})` }).click();
  await page.getByText(`Done: retry, ${ids.beta.length} jobs.`).waitFor();
  await until(() => api(server, 'jobs?queue=beta&status=completed&limit=1'), ({ total }) => total === ids.beta.length, 'all ran');
  assert.deepEqual((await api(server, 'jobs?queue=alpha&limit=100')).jobs.map(({ id, updatedAt }) => [id, updatedAt]), outside);
  provider.answer = () => 400;
  await context.close();
});

for (const format of ['CSV', 'NDJSON']) {
  test(`export as ${format} has as many rows as match`, async () => {
    const { page, context } = await openPage(browser, { settings: { pageSize: 25 } });
    await page.goto(`${server.url}/jobs?queue=alpha`);
    await page.locator('table.list tbody tr').first().waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: `Export as ${format}` }).click();
    const text = readFileSync(await (await download).path(), 'utf8');
    const lines = text.trim().split(/\r?\n/);
    assert.equal(lines.length, ids.alpha.length + (format === 'CSV' ? 1 : 0));
    if (format === 'NDJSON') for (const line of lines) assert.equal(JSON.parse(line).queue, 'alpha');
    await context.close();
  });
}
