// Lists of jobs: filters in the URL, search, sorting, pages, actions on many, export.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { api, enqueue, hookConfig, openPage, startBrowser, startProvider, startServer, until } from './support.mjs';

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

test('check 6: filters are in the URL and list exactly what matches; reload and Back keep them', async () => {
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

test('check 9: pages by cursor show every job once while fifty a second arrive', async () => {
  const { page, context } = await openPage(browser, { settings: { pageSize: 25, paused: true } });
  let arriving = true;
  let arrived = 0;
  const arrivals = (async () => {
    while (arriving) {
      await Promise.all([enqueue(server, { options: { queue: 'late' } }), new Promise((resolve) => setTimeout(resolve, 20))]);
      arrived += 1;
    }
  })();
  await page.goto(`${server.url}/failed`);
  const seen = [...await shown(page, 25)];
  const missing = () => [...ids.alpha, ...ids.beta].filter((id) => !seen.includes(id));
  while (missing().length > 0) {
    const before = page.url();
    await page.getByRole('button', { name: 'Next' }).click();
    await until(() => page.url(), (url) => url !== before);
    seen.push(...await until(() => rows(page), (all) => all.length > 0 && !seen.includes(all[0]), 'the next page is shown'));
  }
  arriving = false;
  await arrivals;
  assert.ok(arrived > 5, `${arrived} arrived meanwhile`);
  assert.equal(new Set(seen).size, seen.length, 'no job twice');
  await page.goBack();
  await shown(page, 25);
  await until(() => api(server, 'stats'), ({ queue }) => queue.failed === FAILED + arrived, 'the late ones failed too');
  await context.close();
});

test('check 8: sorted by when they ended, both ways, over all pages', async () => {
  const { page, context } = await openPage(browser, { settings: { pageSize: 25, paused: true } });
  await page.goto(`${server.url}/failed`);
  await shown(page, 25);
  for (const direction of ['descending', 'ascending']) {
    await page.getByRole('button', { name: /^Finished/ }).click();
    await page.locator(`th[aria-sort="${direction}"]`, { hasText: 'Finished' }).waitFor();
    const { jobs } = await api(server, `jobs?status=failed&limit=200&sort=${direction === 'ascending' ? '' : '-'}finishedAt`);
    const order = jobs.map(({ id }) => id);
    const times = jobs.map(({ failedAt }) => failedAt);
    assert.deepEqual(times, direction === 'ascending' ? [...times].sort() : [...times].sort().reverse());
    for (let at = 0; at < 75; at += 25) {
      await until(() => rows(page), (all) => JSON.stringify(all) === JSON.stringify(order.slice(at, at + 25)), `rows from ${at} are ${direction}`);
      if (at + 25 < Math.min(75, order.length)) await page.getByRole('button', { name: 'Next' }).click();
      else break;
    }
  }
  await context.close();
});

test('check 10: three ticked rows are named, deleted, and nothing else', async () => {
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
  assert.equal(await page.locator('.pager [role=status]').innerText(), `${left.length} of ${left.length}`, 'the total is announced');
  ids.beta = left;
  await context.close();
});

test('what matches when it is done is what was confirmed: a list that grew asks again', async () => {
  const { page, context } = await openPage(browser, { settings: { pageSize: 25, paused: true } });
  await page.goto(`${server.url}/failed?queue=beta`);
  await shown(page, 25);
  await page.getByLabel('Select all on this page').check();
  await page.getByRole('button', { name: `Select all ${ids.beta.length} that match` }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: `Delete (${ids.beta.length})` }).waitFor();
  const more = [];
  for (let i = 0; i < 12; ++i) more.push((await enqueue(server, { options: { queue: 'beta' } })).id);
  const count = ids.beta.length + more.length;
  await until(() => api(server, 'jobs?status=failed&queue=beta&limit=1'), ({ total }) => total === count, 'a third more match');
  await dialog.getByRole('button', { name: `Delete (${ids.beta.length})` }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByRole('button', { name: `Delete (${count})` }).waitFor();
  assert.equal((await api(server, 'jobs?status=failed&queue=beta&limit=1')).total, count, 'nothing was deleted');
  await page.keyboard.press('Escape');
  ids.beta = [...more.reverse(), ...ids.beta];
  await context.close();
});

for (const format of ['CSV', 'NDJSON']) {
  test(`check 25: export as ${format} has as many rows as match, and no formula`, async () => {
    // More than one page of the export, one of them with a tag that a spreadsheet would run.
    const formula = await enqueue(server, { options: { queue: 'alpha', tags: ['=1+1'] } });
    while (ids.alpha.length < 205) ids.alpha.push((await enqueue(server, { options: { queue: 'alpha' } })).id);
    ids.alpha.push(formula.id);
    const { page, context } = await openPage(browser, { settings: { pageSize: 25 } });
    await page.goto(`${server.url}/jobs?queue=alpha`);
    await page.locator('table.list tbody tr').first().waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: `Export as ${format}` }).click();
    const text = readFileSync(await (await download).path(), 'utf8');
    const lines = text.trim().split(/\r?\n/);
    assert.equal(lines.length, ids.alpha.length + (format === 'CSV' ? 1 : 0));
    if (format === 'NDJSON') {
      assert.deepEqual(lines.map((line) => JSON.parse(line).id).sort(), [...ids.alpha].sort());
    } else {
      const row = lines.find((line) => line.startsWith(formula.id));
      assert.match(row, /,'=1\+1,/);
      assert.equal(new Set(lines.map((line) => line.split(',')[0])).size, lines.length, 'one header, and no row twice');
    }
    await context.close();
  });
}
