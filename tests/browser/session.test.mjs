// Signing in, roles, and requests that other sites make.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import { api, hookConfig, openPage, startBrowser, startProvider, startServer, until } from './support.mjs';

const PASSWORD = 'correct horse battery';
const TOKENS = { viewer: 'viewer-token-0123456789abcdef', operator: 'operator-token-0123456789abcdef' };
const basic = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };
const bearer = (role) => ({ authorization: `Bearer ${TOKENS[role]}` });

let browser; let provider; let server;
before(async () => {
  browser = await startBrowser();
  provider = await startProvider();
  provider.answer = () => 400;
  const tokens = Object.entries(TOKENS).map(([role, token]) =>
    `{ name = "${role}-1", role = "${role}", hash = "sha256:${createHash('sha256').update(token).digest('hex')}" }`);
  server = await startServer({ config: `
[server.auth]
username = "admin"
password = "${PASSWORD}"
tokens = [${tokens.join(', ')}]
${hookConfig(provider)}` });
});
after(async () => { await browser?.close(); await server?.stop(); await provider?.stop(); });

async function signIn(page, user, password) {
  await page.getByLabel('User name').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function failedJob() {
  const job = await api(server, 'notifications', { method: 'POST', headers: basic, body: {
    notification: { via: ['hook'], hook: { body: {} } }, recipient: {}, options: {} } });
  await until(() => api(server, `jobs/${job.id}`, { headers: basic }), ({ status }) => status === 'failed', 'it failed');
  return job.id;
}

test('the door opens with the right password, and the URL is the one asked for', async () => {
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

test('check 22: a session that ends is one banner; nothing is asked any more; signing in goes on at the same URL', async () => {
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

test('check 21: who may only look sees no actions, and the server refuses them', async () => {
  const id = await failedJob();
  const { page, context, seen } = await openPage(browser, { extraHTTPHeaders: bearer('viewer') });
  await page.goto(`${server.url}/jobs/${id}`);
  await page.locator('.heading .badge', { hasText: 'Failed' }).waitFor();
  for (const name of ['Retry', 'Run now', 'Cancel job', 'Delete']) {
    assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name);
  }
  await page.goto(`${server.url}/failed`);
  await page.locator(`tr[data-id="${id}"]`).waitFor();
  assert.equal(await page.locator('input[type=checkbox]').count(), 0);
  await page.goto(`${server.url}/queues`);
  await page.locator('tr[data-queue="default"]').waitFor();
  assert.equal(await page.getByRole('button', { name: /^(Pause|Resume) default/ }).count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Audit' }).count(), 0);
  for (const [path, method] of [[`jobs/${id}/retry`, 'POST'], [`jobs/${id}`, 'DELETE'], ['queues/default/pause', 'POST'], ['jobs/bulk', 'POST']]) {
    const answer = await page.evaluate(async ([url, how]) => (await fetch(url, {
      method: how, headers: { 'content-type': 'application/json' }, body: how === 'POST' ? '{"action":"retry","filter":{}}' : undefined })).status,
    [`${server.origin}/api/${path}`, method]);
    assert.equal(answer, 403, `${method} ${path}`);
  }
  assert.equal((await api(server, `jobs/${id}`, { headers: basic })).status, 'failed');
  assert.deepEqual(seen.problems, []);
  await context.close();
});

test('check 21: an operator acts, and the audit page names who did what', async () => {
  const id = await failedJob();
  const operator = await openPage(browser, { extraHTTPHeaders: bearer('operator') });
  await operator.page.goto(`${server.url}/jobs/${id}`);
  await operator.page.getByRole('button', { name: 'Retry', exact: true }).click();
  await operator.page.getByText('Done: the job is queued again.').waitFor();
  await operator.context.close();
  const { page, context } = await openPage(browser);
  await page.goto(`${server.url}/audit`);
  await signIn(page, 'admin', PASSWORD);
  const row = page.locator('table.list tbody tr', { hasText: 'job.retry' }).filter({ hasText: 'operator-1' });
  await row.first().waitFor();
  await row.first().getByRole('link').click();
  await page.waitForURL(new RegExp(`/jobs/${id}$`));
  await page.goto(`${server.url}/audit?actor=token:viewer-1`);
  await page.locator('table.list tbody tr', { hasText: 'forbidden' }).first().waitFor();
  await context.close();
});

test('check 22: another site\'s page changes nothing, by form, by script or by another name', async (t) => {
  const attacker = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(`<form id="f" method="post" action="${server.origin}/api/queues/default/pause"></form><script>f.submit()</script>`);
  });
  attacker.listen(0, '127.0.0.1');
  await once(attacker, 'listening');
  t.after(() => { attacker.close(); attacker.closeAllConnections?.(); });
  const { page, context } = await openPage(browser);
  await page.goto(`${server.url}/queues`);
  await signIn(page, 'admin', PASSWORD);
  await page.getByRole('heading', { name: 'Queues' }).waitFor();
  const answer = page.waitForResponse(/queues\/default\/pause/);
  await page.goto(`http://localhost:${attacker.address().port}/`).catch(() => {});
  assert.ok([401, 403].includes((await answer).status()), 'a form of another site');
  await context.close();
  const post = (headers) => fetch(`${server.origin}/api/queues/default/pause`, { method: 'POST', headers: { ...basic, ...headers } });
  for (const headers of [{ origin: 'http://example.com' }, { 'sec-fetch-site': 'cross-site' }]) {
    assert.equal((await post(headers)).status, 403, JSON.stringify(headers));
  }
  // Without a login, a name that leads here by the attacker's DNS is not answered.
  const open = await startServer();
  t.after(() => open.stop());
  const named = httpRequest(`${open.origin}/api/queues`, { headers: { host: 'evil.example.com' } });
  named.end();
  const [response] = await once(named, 'response');
  response.resume();
  assert.equal(response.statusCode, 421, 'another host\'s name');
  const { queues } = await api(server, 'queues', { headers: basic });
  assert.ok(queues.every(({ paused }) => !paused), 'nothing is paused');
});
