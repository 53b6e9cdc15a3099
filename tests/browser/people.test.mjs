// Keyboard, accessibility, settings, prefixes, and a server that goes away.
import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { api, axeFindings, enqueue, hookConfig, jobIn, openPage, startBrowser, startProvider, startServer, until } from './support.mjs';

let browser; let provider; let server; let failed; let log;
before(async () => {
  browser = await startBrowser();
  provider = await startProvider();
  provider.answer = () => 400;
  server = await startServer({ config: hookConfig(provider) });
  failed = await enqueue(server, { options: { tags: ['one'], metadata: { host: 'db-1' } } });
  await jobIn(server, failed.id, 'failed');
  await enqueue(server, { options: { delay: 3_600_000 } });
  ({ logs: [log] } = await api(server, `logs?jobId=${failed.id}`));
});
after(async () => { await browser?.close(); await server?.stop(); await provider?.stop(); });

const pages = () => ['', '/jobs', `/jobs/${failed.id}`, '/scheduled', '/retries', '/failed', '/errors', '/queues', '/channels', '/logs',
  `/logs/${log.id}`, '/audit', '/settings', '/about', '/sign-in', '/nothing'];

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1280, 360]) {
    test(`check 24: no page has a serious finding in ${colorScheme} at ${width} px, nor scrolls sideways`, async () => {
      const { page, context, seen } = await openPage(browser, { viewport: { width, height: 800 }, colorScheme });
      for (const path of pages()) {
        await page.goto(server.url + path, { waitUntil: 'networkidle' });
        assert.deepEqual(await axeFindings(page), [], `${path} ${colorScheme} ${width}`);
        const extra = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(extra <= 0, `${path} is ${extra} px too wide at ${width} px`);
      }
      assert.deepEqual(seen.problems, []);
      await context.close();
    });
  }
}

test('in German no page scrolls sideways on a phone, and no word of it is English', async () => {
  const { page, context } = await openPage(browser, { viewport: { width: 360, height: 800 }, settings: { language: 'de' } });
  for (const path of pages()) {
    await page.goto(server.url + path, { waitUntil: 'networkidle' });
    const extra = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(extra <= 0, `${path} is ${extra} px too wide`);
    const words = await page.locator('button, h2, th, dt').allInnerTexts();
    const english = words.filter((word) => /\b(Retry|Delete|Cancel|Search|Status of|Failed jobs|Created|Attempts|Channel|Queue|Waiting)\b/.test(word));
    assert.deepEqual(english, [], path);
  }
  await context.close();
});

test('dialogs and menus have no serious finding either', async () => {
  const { page, context } = await openPage(browser, { viewport: { width: 360, height: 800 } });
  await page.goto(`${server.url}/jobs/${failed.id}`);
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('link', { name: 'Overview' }).waitFor();
  assert.deepEqual(await axeFindings(page), []);
  await page.keyboard.press('Escape');
  await page.goto(`${server.url}/jobs/${failed.id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').waitFor();
  assert.deepEqual(await axeFindings(page), []);
  await context.close();
});

test('check 24: list, job, retry, dialog and back with the keyboard alone', async () => {
  const { page, context } = await openPage(browser);
  await page.goto(server.url);
  await page.locator('#page-title').waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('f');
  await page.waitForURL(/\/failed$/);
  await page.locator('table.list tbody tr').first().waitFor();
  await page.keyboard.press('j');
  assert.equal(await page.evaluate(() => document.activeElement?.className), 'row-title', 'into the list');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/jobs\//);
  await page.getByRole('button', { name: 'Delete' }).waitFor();
  await until(() => page.evaluate(() => document.activeElement?.id), (id) => id === 'page-title', 'the heading has the focus');
  const tabTo = async (text) => {
    for (let i = 0; i < 8; ++i) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement?.textContent) === text) return;
    }
    assert.fail(`${text} is not reached`);
  };
  const { updatedAt } = await api(server, `jobs/${failed.id}`);
  await tabTo('Retry');
  await page.keyboard.press('Enter');
  await until(() => api(server, `jobs/${failed.id}`), (job) => job.status === 'failed' && job.updatedAt > updatedAt, 'it was tried again');
  await page.locator('.heading .badge', { hasText: 'Failed' }).waitFor();
  await page.evaluate(() => document.getElementById('page-title').focus());
  await tabTo('Delete');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Delete', 'the focus is back');
  await page.goBack(); // Alt+Left is the browser's own, which a headless one does not have.
  await page.waitForURL(/\/failed$/);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await context.close();
});

test('the skip link leads to the content', async () => {
  const { page, context } = await openPage(browser);
  await page.goto(`${server.url}/jobs`);
  await page.locator('#page-title').waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement?.className), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
  await context.close();
});

test('theme, language and zone change at once and stay', async () => {
  const { page, context } = await openPage(browser, { timezoneId: 'Asia/Tokyo' });
  await page.goto(`${server.url}/settings`);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByLabel('Dark').check();
  assert.notEqual(await ground(), light);
  await page.getByLabel('UTC', { exact: true }).check();
  await page.locator('.note', { hasText: 'UTC' }).waitFor();
  await page.getByLabel('Deutsch').check();
  await page.getByRole('heading', { name: 'Einstellungen' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Einstellungen' }).waitFor();
  assert.notEqual(await ground(), light);
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'de');
  await context.close();
});

/** A proxy that serves the dashboard below "/ops/queue", and takes that off or leaves it. */
async function startProxy(target, off = '/ops/queue') {
  const seen = [];
  const proxy = createServer((incoming, outgoing) => {
    seen.push(incoming.url);
    if (!incoming.url.startsWith('/ops/queue')) { outgoing.writeHead(404); return outgoing.end(); }
    const upstream = httpRequest(target + incoming.url.slice(off.length), {
      method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return { seen, origin: `http://127.0.0.1:${proxy.address().port}`, stop: () => { proxy.closeAllConnections?.(); proxy.close(); } };
}

for (const [what, path, off] of [['takes the prefix off', '', '/ops/queue'], ['keeps the prefix', '/ops/queue/town', '']]) {
  test(`check 23: below a proxy that ${what} every link, file and call stays below it`, async (t) => {
    const own = path ? await startServer({ config: `[server]\npath = "${path}"\n${hookConfig(provider)}` }) : server;
    if (path) t.after(() => own.stop());
    const job = path ? await enqueue(own) : failed;
    if (path) await jobIn(own, job.id, 'failed');
    const proxy = await startProxy(own.origin, off);
    t.after(() => proxy.stop());
    const base = path || '/ops/queue/dashboard';
    const { page, context, seen } = await openPage(browser);
    for (const at of ['', '/jobs', `/jobs/${job.id}`, '/logs', '/about']) {
      await page.goto(proxy.origin + base + at, { waitUntil: 'networkidle' });
      const links = await page.locator('a[href]').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
      assert.ok(links.length > 5);
      for (const link of links) assert.ok(new URL(link, page.url()).pathname.startsWith(base), link);
    }
    await page.goto(`${proxy.origin}${base}/jobs/${job.id}`);
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByText('Done: the job is queued again.').waitFor();
    assert.ok(proxy.seen.length > 20 && proxy.seen.every((url) => url.startsWith(base)), proxy.seen.find((url) => !url.startsWith(base)));
    assert.deepEqual(seen.problems, []);
    await context.close();
  });
}

test('check 23: eight tabs at once all load and live', async () => {
  const { context } = await openPage(browser, { settings: { interval: 1 } });
  const tabs = await Promise.all(Array.from({ length: 8 }, () => context.newPage()));
  const count = (tab) => tab.locator('[data-status="failed"]').innerText().then((text) => Number(text));
  await Promise.all(tabs.map(async (tab) => {
    await tab.goto(server.url);
    await tab.locator('[data-status="failed"]', { hasText: /\d/ }).waitFor();
  }));
  await enqueue(server);
  const { queue } = await until(() => api(server, 'stats'), ({ queue: now }) => now.pending + now.processing === 0);
  await Promise.all(tabs.map((tab) => until(() => count(tab), (shown) => shown === queue.failed, 'each tab follows')));
  await context.close();
});

test('check 25: paused or hidden, the page asks for nothing', async () => {
  const { page, context, seen } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(`${server.url}/jobs`, { waitUntil: 'load' });
  await page.getByRole('button', { name: 'Pause refreshing' }).click();
  await page.waitForLoadState('networkidle');
  const quiet = seen.requests.length;
  await page.waitForTimeout(2500);
  assert.equal(seen.requests.length, quiet, 'paused');
  await page.getByRole('button', { name: 'Resume refreshing' }).click();
  await until(() => seen.requests.length, (count) => count > quiet, 'it goes on');
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await page.waitForLoadState('networkidle');
  const hidden = seen.requests.length;
  await page.waitForTimeout(2500);
  assert.equal(seen.requests.length, hidden, 'hidden');
  await context.close();
});

test('check 25: a server that went away is one banner, and none within ten seconds when it is back', async (t) => {
  const own = await startServer();
  t.after(() => own.stop());
  const { page, context } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(`${own.url}/queues`);
  await page.locator('#page-title').waitFor();
  await own.end();
  await page.getByText('The server cannot be reached').waitFor();
  assert.equal(await page.locator('.banner').count(), 1);
  await own.restart();
  await page.locator('.banner').waitFor({ state: 'detached', timeout: 10_500 });
  await context.close();
});
