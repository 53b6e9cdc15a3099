// The notification log, masked content, and texts that mean harm.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { api, enqueue, hookConfig, jobIn, openPage, startBrowser, startProvider, startServer, until } from './support.mjs';

const SECRET = 'the-secret-word-9f3a';
const HOSTILE = '<script>window.pwned=1</script><img src=x onerror="window.pwned=1"><a href="javascript:window.pwned=1">x</a>\u202egnp.exe';
const HUGE = 'W'.repeat(1_000_000);

let browser; let masked; let open; let provider;
const inApp = (title, message, userId, options) => ({
  method: 'POST', body: { notification: { via: ['in_app'], in_app: { title, message } }, recipient: { in_app: { userId } }, options } });

before(async () => {
  browser = await startBrowser();
  masked = await startServer();
  provider = await startProvider();
  open = await startServer({ config: hookConfig(provider, '[channels.in_app]') });
});
after(async () => { await browser?.close(); await masked?.stop(); await open?.stop(); await provider?.stop(); });

test('check 19: filters of the log, and its delivery times', async () => {
  for (let i = 0; i < 5; ++i) await api(masked, 'notifications', inApp('t', 'm', `user-${i}`));
  await until(() => api(masked, 'logs?status=sent'), ({ total }) => total >= 5, 'all are sent');
  const { page, context } = await openPage(browser);
  await page.goto(`${masked.url}/logs?channel=in_app`);
  await until(() => page.locator('table.list tbody tr').count(), (count) => count === 5);
  await page.getByRole('combobox', { name: 'Status' }).selectOption('failed');
  await page.getByText('No row matches').waitFor();
  assert.equal(new URL(page.url()).search, '?channel=in_app&status=failed');
  await page.goto(`${masked.url}/logs?startDate=${new Date(Date.now() + 3_600_000).toISOString()}`);
  await page.getByText('No row matches').waitFor();
  await page.goto(`${masked.url}/logs?channel=in_app&startDate=${new Date(Date.now() - 3_600_000).toISOString()}&status=sent`);
  await until(() => page.locator('table.list tbody tr').count(), (count) => count === 5);
  await page.locator('table.list a.row-title').first().click();
  await page.getByRole('heading', { name: 'Times' }).waitFor();
  const { logs } = await api(masked, 'logs?limit=1');
  assert.ok(await page.locator(`time[datetime="${logs[0].sentAt}"]`).count() > 0, 'the time it was sent is shown');
  await context.close();
});

test('check 19: what is masked is nowhere: not on the page, not in an answer, not in an export', async () => {
  const job = await api(masked, 'notifications', inApp(SECRET, `${SECRET} ${SECRET}`, `user-${SECRET}`));
  await until(() => api(masked, `logs?jobId=${job.id}`), ({ total }) => total === 1);
  const { logs } = await api(masked, `logs?jobId=${job.id}`);
  const { page, context } = await openPage(browser);
  const bodies = [];
  page.on('response', async (answer) => bodies.push(await answer.text().catch(() => '')));
  for (const path of ['/jobs', `/jobs/${job.id}`, '/logs', `/logs/${logs[0].id}`]) {
    await page.goto(masked.url + path);
    await page.locator('table.list tbody tr, .facts').first().waitFor();
    assert.ok(!(await page.content()).includes(SECRET), path);
  }
  for (const path of ['/jobs', '/logs']) {
    await page.goto(masked.url + path);
    for (const format of ['CSV', 'NDJSON']) {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: `Export as ${format}` }).click();
      const text = readFileSync(await (await download).path(), 'utf8');
      assert.ok(text.includes(path === '/jobs' ? job.id : logs[0].id) && !text.includes(SECRET), `${path} ${format}`);
    }
  }
  assert.ok(bodies.length > 8);
  assert.ok(bodies.every((body) => !body.includes(SECRET)));
  await context.close();
});

test('new rows appear in the live tail', async () => {
  const { page, context } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(`${masked.url}/logs`);
  await page.getByRole('button', { name: 'Live tail' }).click();
  await page.getByText('New rows appear at the top.').waitFor();
  const job = await api(masked, 'notifications', inApp('t', 'm', 'tail'));
  await page.locator('table.list tbody tr.fresh').first().waitFor();
  const { logs } = await api(masked, `logs?jobId=${job.id}`);
  await page.locator(`tr[data-id="${logs[0].id}"]`).waitFor();
  await context.close();
});

/** Every field that a job, its handler's environment or a provider can set, plain or a megabyte long. */
async function hostileJobs() {
  const tags = ['<i>tag', 'javascript:alert(1)'];
  const plain = await api(open, 'notifications', inApp(HOSTILE, HOSTILE, 'u-<b>', {
    tags, metadata: { '<k>': HOSTILE, href: 'javascript:alert(1)' }, uniqueKey: HOSTILE.slice(0, 100) }));
  const huge = await api(open, 'notifications', inApp(HUGE.slice(0, 200), HUGE, 'u', { metadata: { [HUGE.slice(0, 100)]: HUGE.slice(0, 5000) } }));
  provider.answer = () => 400;
  provider.body = HOSTILE;
  const failed = await enqueue(open, { body: { [HOSTILE]: HOSTILE, long: HUGE.slice(0, 50_000) } });
  await jobIn(open, failed.id, 'failed');
  provider.body = HUGE;
  const long = await enqueue(open);
  await jobIn(open, long.id, 'failed');
  await until(() => api(open, 'logs'), ({ logs }) => logs.filter(({ status }) => status === 'sent').length >= 2);
  return [plain, huge, failed, long];
}

test('check 20: hostile texts are shown as texts; nothing runs, the page keeps its width and answers', async () => {
  const [plain, ...others] = await hostileJobs();
  for (const width of [1280, 360]) {
    const { page, context, seen } = await openPage(browser, { viewport: { width, height: 800 } });
    const paths = ['/jobs', '/failed', '/errors', '/logs', '/audit', '/queues', '/channels', '/', `/jobs?q=${encodeURIComponent(HOSTILE)}`,
      `/logs?recipient=${encodeURIComponent(HOSTILE)}`, `/jobs/${encodeURIComponent(HOSTILE)}`];
    for (const { id } of [plain, ...others]) {
      const { logs } = await api(open, `logs?jobId=${id}`);
      paths.push(`/jobs/${id}`, `/logs/${logs[0].id}`);
    }
    for (const path of paths) {
      await page.goto(open.url + path);
      await page.locator('table.list tbody tr, .facts, .counters, .empty').first().waitFor();
      const { extra, pwned, made } = await page.evaluate(() => ({
        extra: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        pwned: window.pwned, made: document.querySelectorAll('main script, main img, main a[href^="javascript"]').length }));
      assert.equal(pwned, undefined, path);
      assert.equal(made, 0, path);
      assert.ok(extra <= 0, `${path} at ${width} px is ${extra} px too wide`);
    }
    await page.goto(`${open.url}/jobs/${plain.id}`);
    await page.getByLabel('Payload').last().getByText('⟨U+202E⟩').first().waitFor();
    assert.deepEqual(seen.problems, []);
    await context.close();
  }
});

test('check 20: a megabyte of text is opened and closed without a halt', async () => {
  const { id } = await api(open, 'notifications', inApp('large', HUGE, 'u'));
  const { page, context } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(`${open.url}/jobs/${id}`);
  await page.getByRole('button', { name: /^Show all / }).click();
  await page.getByRole('button', { name: 'Show less' }).click();
  await page.getByRole('button', { name: /^Show all / }).waitFor();
  await context.close();
});

test('the HTML preview is a frame that runs nothing and asks nobody', async () => {
  const asked = provider.requests;
  const html = `<p>Hello <b>there</b></p><script>parent.pwned=1</script><img src="${provider.url}pixel.png">`;
  const job = await api(open, 'notifications', inApp('preview', html, 'u'));
  await until(() => api(open, `logs?jobId=${job.id}`), ({ logs }) => logs[0]?.status === 'sent');
  const { logs } = await api(open, `logs?jobId=${job.id}`);
  const { page, context } = await openPage(browser);
  await page.goto(`${open.url}/logs/${logs[0].id}`);
  await page.getByRole('button', { name: 'Preview as HTML' }).click();
  const frame = page.frameLocator('iframe.preview');
  await frame.getByText('Hello there').waitFor();
  assert.equal(await page.locator('iframe.preview').getAttribute('sandbox'), '');
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  // The driver may report a request that the page's policy refused; what counts is what arrives.
  assert.equal(provider.requests, asked);
  await context.close();
});
