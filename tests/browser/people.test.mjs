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
    test(`no page has a serious finding in ${colorScheme} at ${width} px, nor scrolls sideways`, async () => {
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

test('list, job, dialog and back with the keyboard alone', async () => {
  const { page, context } = await openPage(browser);
  await page.goto(server.url);
  await page.locator('#page-title').waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('f');
  await page.waitForURL(/\/failed$/);
  await page.locator('table.list tbody tr').first().waitFor();
  await page.locator('table.list tbody tr .row-title').first().focus();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/jobs\//);
  await page.getByRole('button', { name: 'Delete' }).waitFor();
  await until(() => page.evaluate(() => document.activeElement?.id), (id) => id === 'page-title', 'the heading has the focus');
  for (let i = 0; i < 8; ++i) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement?.textContent) === 'Delete') break;
  }
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

/** A proxy that serves the dashboard below "/ops/queue", with or without taking the prefix off. */
async function startProxy(target) {
  const seen = [];
  const proxy = createServer((incoming, outgoing) => {
    seen.push(incoming.url);
    if (!incoming.url.startsWith('/ops/queue')) { outgoing.writeHead(404); return outgoing.end(); }
    const upstream = httpRequest(target + incoming.url.slice('/ops/queue'.length), {
      method: incoming.method, headers: { ...incoming.headers, host: new URL(target).host } }, (answer) => {
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

test('below a proxy\'s prefix every link, file and call stays below it', async () => {
  const proxy = await startProxy(server.origin);
  const { page, context } = await openPage(browser);
  for (const path of ['', '/jobs', `/jobs/${failed.id}`, '/logs', '/about']) {
    await page.goto(`${proxy.origin}/ops/queue/dashboard${path}`, { waitUntil: 'networkidle' });
    const links = await page.locator('a[href]').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    assert.ok(links.length > 5);
    for (const link of links) assert.ok(new URL(link, page.url()).pathname.startsWith('/ops/queue/dashboard'), link);
  }
  assert.ok(proxy.seen.every((url) => url.startsWith('/ops/queue/dashboard')), proxy.seen.find((url) => !url.startsWith('/ops/queue/dashboard')));
  await context.close();
  proxy.stop();
});

test('eight tabs at once all load', async () => {
  const { context } = await openPage(browser);
  const tabs = await Promise.all(Array.from({ length: 8 }, () => context.newPage()));
  await Promise.all(tabs.map(async (tab) => {
    await tab.goto(server.url);
    await tab.locator('[data-status="failed"]', { hasText: /\d/ }).waitFor();
  }));
  await context.close();
});

test('paused or hidden, the page asks for nothing', async () => {
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

test('a server that went away is one banner, and none when it is back', async () => {
  const own = await startServer();
  const { page, context } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(`${own.url}/queues`);
  await page.locator('#page-title').waitFor();
  await own.end();
  await page.getByText('The server cannot be reached').waitFor();
  assert.equal(await page.locator('.banner').count(), 1);
  await own.restart();
  await page.locator('.banner').waitFor({ state: 'detached', timeout: 12_000 });
  await context.close();
  await own.stop();
});
