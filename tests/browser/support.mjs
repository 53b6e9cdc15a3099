// A real townkrierd, a provider of its own to send to, and a real browser.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(join(process.env.BROWSER_TEST_MODULES, 'any.js'));
const { chromium } = require('playwright-core');
export const axeSource = require('axe-core').source;

const TOWNKRIERD = process.env.TOWNKRIERD;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const READY_MS = 30_000;

/** Where the channel "hook" sends to. `answer` decides each: a status, or a promise of one. */
export async function startProvider() {
  const provider = { answer: () => 200, body: '{}', requests: 0, url: '', stop: async () => {} };
  const server = createServer(async (request, response) => {
    provider.requests += 1;
    for await (const _ of request); // eslint-disable-line no-unused-vars
    response.writeHead(await provider.answer(provider.requests));
    response.end(provider.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  provider.url = `http://127.0.0.1:${server.address().port}/`;
  provider.stop = async () => { server.closeAllConnections?.(); server.close(); };
  return provider;
}

/** The configuration of a server with the channel "hook", whose breaker never opens unless told otherwise. */
export function hookConfig(provider, more = '', breaker = 'failures = 1000, cooldown = "1s"') {
  return `
[queue]
max_retries = 0
retry_delay = "1s"
jitter = 0.0
[logs]
content_privacy = "public"
${more}
[channels.hook]
breaker = { ${breaker} }
[[channels.hook.providers]]
driver = "webhook"
url = "${provider.url}"
allow_private = true
`;
}

/** Starts it on a free port; `stop` ends it, `restart` keeps port and data. */
export async function startServer({ args = [], config = '' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'townkrier-browser-'));
  const server = { origin: '', url: '', stop: null, restart: null, end: null, config };
  let child = null;
  const start = async (listen) => {
    const flags = ['--listen', listen, '--data-dir', join(folder, 'data'), ...args];
    if (server.config) {
      writeFileSync(join(folder, 'townkrier.toml'), server.config, { mode: 0o600 });
      flags.push('--config', join(folder, 'townkrier.toml'));
    }
    child = spawn(TOWNKRIERD, flags, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (text) => { errors = (errors + text).slice(-4000); });
    server.url = await readyUrl(child, () => errors);
    server.origin = new URL(server.url).origin;
  };
  server.end = async () => {
    if (child === null || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  server.restart = () => start(new URL(server.origin).host);
  server.stop = async () => {
    await server.end();
    rmSync(folder, { recursive: true, force: true });
  };
  await start('127.0.0.1:0');
  return server;
}

async function readyUrl(child, errors) {
  const lines = createInterface({ input: child.stdout });
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_MS);
  for await (const line of lines) {
    const match = / ready: (http:\S+)/.exec(line);
    if (!match) continue;
    clearTimeout(timer);
    child.stdout.resume();
    return match[1];
  }
  clearTimeout(timer);
  throw new Error(`townkrierd was not ready:\n${errors()}`);
}

export async function api(server, path, { method = 'GET', body, headers = {} } = {}) {
  const answer = await fetch(`${server.origin}/api/${path}`, {
    method, headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  const value = text === '' ? null : JSON.parse(text);
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return value;
}

/** Enqueues a notification over "hook". */
export function enqueue(server, { body = { event: 'test' }, options = {} } = {}) {
  return api(server, 'notifications', {
    method: 'POST', body: { notification: { via: ['hook'], hook: { body } }, recipient: {}, options } });
}

/** Enqueues all of `rows` (bodies of POST /notifications), in as few requests as may be. */
export async function enqueueMany(server, rows) {
  const ids = [];
  for (let at = 0; at < rows.length; at += 500) {
    const answer = await fetch(`${server.origin}/api/notifications/batch`, {
      method: 'POST', headers: { 'content-type': 'application/x-ndjson' },
      body: rows.slice(at, at + 500).map((row) => `${JSON.stringify(row)}\n`).join('') });
    const { accepted, rejected, ids: some } = await answer.json();
    if (rejected?.length !== 0) throw new Error(`a batch was refused: ${JSON.stringify(rejected)?.slice(0, 300)} ${accepted}`);
    ids.push(...some);
  }
  return ids;
}

/** Asks until `check` of the answer is true. */
export async function until(ask, check, what = 'the condition', within = 15_000) {
  const deadline = Date.now() + within;
  for (;;) {
    const value = await ask();
    if (check(value)) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not come true; last: ${JSON.stringify(value)?.slice(0, 400)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function jobIn(server, id, status) {
  return until(() => api(server, `jobs/${id}`), (job) => job.status === status, `job ${id} is ${status}`);
}

export function startBrowser() {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

/** A page of a profile of its own, which remembers what must not happen. */
export async function openPage(browser, { viewport = { width: 1280, height: 720 }, settings, ...options } = {}) {
  const context = await browser.newContext({ viewport, ...options });
  if (settings) {
    await context.addInitScript((text) => localStorage.setItem('townkrier.settings', text), JSON.stringify(settings));
  }
  const page = await context.newPage();
  const seen = { problems: [], requests: [], foreign: [] };
  page.on('pageerror', (error) => seen.problems.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // A refused or missing resource is the server's answer, which tests look at by themselves.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) seen.problems.push(text);
  });
  page.on('dialog', (dialog) => { seen.problems.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol === 'data:' || url.protocol === 'blob:' || url.protocol === 'about:') return;
    seen.requests.push(request);
    seen.foreign.push(url.origin);
  });
  page.setDefaultTimeout(15_000);
  return { page, context, seen };
}

/** Rows that break a rule seriously, as readable lines. */
export async function axeFindings(page) {
  // Evaluated by the driver, so the page's own policy does not matter.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'], resultTypes: ['violations'] }));
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 140)} (${failureSummary?.split('\n')[1]?.trim()})`).join(' | ')}`);
}
