// node screenshots.mjs OUT: pictures of every page of a demo server, see scripts/screenshots.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shrink } from './png.mjs';
import { api, startBrowser, startServer, until } from './support.mjs';

const MODES = {
  '': { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  '-dark': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  '-phone': { viewport: { width: 360, height: 740 }, colorScheme: 'light' },
};

/** Everything in light and on a phone; in the dark what shows most. */
const DARK = ['overview', 'jobs', 'job-running', 'errors', 'channels'];

const [out] = process.argv.slice(2);
const started = Date.now();

/** The newest job of a filter; `fits` may ask for more. */
async function job(server, query, fits = () => true) {
  const { jobs } = await until(() => api(server, `jobs?${query}&limit=1`), ({ jobs: [one] }) => one && fits(one), query, 60_000);
  return `/jobs/${jobs[0].id}`;
}

const PAGES = {
  overview: () => '', jobs: () => '/jobs', scheduled: () => '/scheduled', retries: () => '/retries', failed: () => '/failed',
  errors: () => '/errors', queues: () => '/queues', channels: () => '/channels', logs: () => '/logs', audit: () => '/audit',
  settings: () => '/settings', about: () => '/about',
  'job-running': (server) => job(server, 'kind=report&status=processing', ({ progress }) => progress?.percent < 20),
  'job-failed': (server) => job(server, 'kind=import&status=failed'),
  'job-notification': (server) => job(server, 'tag=offer&status=completed'),
  log: async (server) => `/logs/${(await api(server, 'logs?channel=email&status=sent&limit=1')).logs[0].id}`,
};

const server = await startServer({ args: ['--demo'] });
const browser = await startBrowser();
try {
  mkdirSync(out, { recursive: true });
  await until(() => api(server, 'live'), ({ totals, queue }) => totals.completed > 200 && queue.retrying > 0, 'some work is done', 180_000);

  for (const [mode, options] of Object.entries(MODES)) {
    const context = await browser.newContext({ ...options, timezoneId: 'UTC', locale: 'en-GB' });
    const page = await context.newPage();
    for (const [name, pathOf] of Object.entries(PAGES)) {
      if (options.colorScheme === 'dark' && !DARK.includes(name)) continue;
      await page.goto(server.url + await pathOf(server), { waitUntil: 'networkidle' });
      // The live graph is worth a look when it has gathered a minute.
      if (name === 'overview') await page.waitForTimeout(mode === '' ? 60_000 : 20_000);
      else if (name === 'job-running') await page.waitForTimeout(1500);
      writeFileSync(join(out, `${name}${mode}.png`), shrink(await page.screenshot({ timeout: 120_000 })));
    }
    await context.close();
  }
  console.log(`${readdirSync(out).length} pictures in ${Math.round((Date.now() - started) / 1000)} s`);
} finally {
  await browser.close();
  await server.stop();
}
