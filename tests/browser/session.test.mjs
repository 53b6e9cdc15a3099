// Signing in, roles, and requests that other sites make.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { needs, openPage, startBrowser, startServer, until } from './support.mjs';

const PASSWORD = 'correct horse battery';
let browser; let server;
before(async () => {
  browser = await startBrowser();
  server = await startServer({ config: `
[server.auth]
username = "admin"
password = "${PASSWORD}"
` });
});
after(async () => { await browser?.close(); await server?.stop(); });

async function signIn(page, user, password) {
  await page.getByLabel('User name').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('the door opens with the right password, and the URL is the one asked for', async (t) => {
  if (!await needs(t, server, 'session', 'POST')) return;
  const { page, context, seen } = await openPage(browser);
  await page.goto(`${server.url}/jobs?status=failed`);
  await signIn(page, 'admin', 'wrong password!');
  await page.getByText('User name or password is wrong.').waitFor();
  await signIn(page, 'admin', PASSWORD);
  await page.getByRole('heading', { name: 'Jobs' }).waitFor();
  assert.equal(new URL(page.url()).search, '?status=failed');
  assert.deepEqual(seen.problems, []);
  await context.close();
});

test('a session that ends is one banner; nothing is asked any more; signing in goes on at the same URL', async (t) => {
  if (!await needs(t, server, 'session', 'POST')) return;
  const { page, context, seen } = await openPage(browser, { settings: { interval: 1 } });
  await page.goto(`${server.url}/jobs?queue=alpha`);
  await signIn(page, 'admin', PASSWORD);
  await page.getByRole('heading', { name: 'Jobs' }).waitFor();
  await context.clearCookies();
  await page.getByText('You are signed out.').waitFor();
  assert.equal(await page.locator('.banner').count(), 1);
  await page.waitForLoadState('networkidle');
  const quiet = seen.requests.length;
  await page.waitForTimeout(2500);
  assert.equal(seen.requests.length, quiet);
  await page.locator('.banner').getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, 'admin', PASSWORD);
  await page.waitForURL(/\/jobs\?queue=alpha$/);
  await until(() => seen.requests.length, (count) => count > quiet + 2, 'it asks again');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Password').waitFor();
  await context.close();
});

test('another site\'s page changes nothing', async () => {
  const authorization = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}`;
  for (const headers of [{ origin: 'http://example.com' }, { 'sec-fetch-site': 'cross-site' }]) {
    const answer = await fetch(`${server.origin}/api/queues/default/pause`, { method: 'POST', headers: { authorization, ...headers } });
    assert.equal(answer.status, 403, JSON.stringify(headers));
  }
});
