'use strict';

// The overview: reads the API every five seconds while the tab is visible. Everything that comes from
// the server reaches the page as textContent.
(() => {
  const REFRESH_MS = 5000;
  const ROWS = 20;
  const api = new URL('api/', document.currentScript.src);
  const byId = (id) => document.getElementById(id);
  let timer = 0;
  let loading = false;
  let again = false;

  class ApiError extends Error {
    constructor(status, detail) {
      super(detail);
      this.status = status;
    }
  }

  async function call(path, method = 'GET') {
    const answer = await fetch(new URL(path, api), { method, headers: { accept: 'application/json' } });
    let body = null;
    try {
      body = await answer.json();
    } catch {
      // Not JSON: a proxy's own error page.
    }
    if (!answer.ok || body === null) {
      throw new ApiError(answer.status, body?.detail ?? `the server answered ${answer.status}`);
    }
    return body;
  }

  function element(tag, text, className) {
    const node = document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = String(text);
    if (className) node.className = className;
    return node;
  }

  function time(iso) {
    const node = element('time', iso ? new Date(iso).toLocaleString() : '');
    if (iso) node.dateTime = iso;
    return node;
  }

  function show(message, isProblem = false) {
    byId('state').textContent = message;
    byId('state').className = isProblem ? 'problem' : '';
  }

  function counters(id, values) {
    byId(id).replaceChildren(...Object.entries(values).map(([name, value]) => {
      const box = element('div');
      box.append(element('dt', name), element('dd', Number(value).toLocaleString()));
      return box;
    }));
  }

  // `rows`: arrays of cells, each a text, a node, or [text, class].
  function table(id, columns, rows) {
    const made = rows.map((cells) => {
      const row = element('tr');
      for (const cell of cells) {
        const td = Array.isArray(cell) ? element('td', cell[0], cell[1]) : element('td');
        if (cell instanceof Node) td.append(cell);
        else if (!Array.isArray(cell)) td.textContent = String(cell ?? '');
        row.append(td);
      }
      return row;
    });
    if (made.length === 0) {
      const td = element('td', 'none', 'empty');
      td.colSpan = columns;
      const row = element('tr');
      row.append(td);
      made.push(row);
    }
    byId(id).replaceChildren(...made);
  }

  function actions(job) {
    const cell = element('span');
    const add = (label, path, method) => {
      const button = element('button', label);
      button.type = 'button';
      button.setAttribute('aria-label', `${label} job ${job.id}`);
      button.addEventListener('click', async () => {
        if (method === 'DELETE' && !confirm(`Delete job ${job.id}?`)) return;
        button.disabled = true;
        try {
          await call(path, method);
          await load();
        } catch (error) {
          show(error.message, true);
          button.disabled = false;
        }
      });
      cell.append(button);
    };
    const path = `jobs/${encodeURIComponent(job.id)}`;
    if (job.status === 'failed' || job.status === 'cancelled') add('Retry', `${path}/retry`, 'POST');
    if (job.status !== 'processing') add('Delete', path, 'DELETE');
    return cell;
  }

  function query(path, filters) {
    const parameters = new URLSearchParams({ limit: String(ROWS) });
    for (const [name, value] of Object.entries(filters)) if (value) parameters.set(name, value);
    return `${path}?${parameters}`;
  }

  function render(stats, channels, jobs, logs) {
    counters('queue-counters', stats.queue);
    const { byChannel, byStatus, ...totals } = stats.notifications;
    counters('log-counters', totals);
    table('channels', 6, channels.channels.map((channel) => {
      const providers = element('span');
      for (const provider of channel.providers ?? []) {
        providers.append(element('span', `${provider.name} (${provider.breaker}) `, provider.breaker));
      }
      return [channel.name, channel.sent, channel.failed, channel.inFlight, channel.waiting, providers];
    }));
    // A table is left alone while a button in it has the focus: rebuilding it would move the focus.
    if (!byId('jobs').contains(document.activeElement)) {
      table('jobs', 8, jobs.jobs.map((job) => [
        [job.id, 'id'], job.kind, job.queue, [job.status, job.status], job.attempts,
        time(job.createdAt), job.error, actions(job)]));
    }
    byId('jobs-total').textContent = `${jobs.count} of ${jobs.total}`;
    table('logs', 7, logs.logs.map((log) => [
      log.channel, log.recipient, [log.status, log.status], log.attempts,
      time(log.createdAt), time(log.deliveredAt ?? log.sentAt), log.error]));
    byId('logs-total').textContent = `${logs.logs.length} of ${logs.total}`;
  }

  async function load() {
    if (loading) {
      again = true;
      return;
    }
    loading = true;
    clearTimeout(timer);
    let wait = true;
    try {
      const [stats, channels, jobs, logs] = await Promise.all([
        call('stats'),
        call('channels'),
        call(query('jobs', { status: byId('job-status').value })),
        call(query('logs', { status: byId('log-status').value })),
      ]);
      render(stats, channels, jobs, logs);
      show(`As of ${new Date(stats.timestamp).toLocaleTimeString()}, refreshed every ${REFRESH_MS / 1000} s`);
    } catch (error) {
      wait = error.status !== 401;
      show(wait ? `No fresh data: ${error.message}` : 'Not logged in: reload the page', true);
    }
    loading = false;
    if (again) {
      again = false;
      load();
    } else if (wait && !document.hidden) {
      timer = setTimeout(load, REFRESH_MS);
    }
  }

  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (!document.hidden) load();
  });
  for (const id of ['job-status', 'log-status']) byId(id).addEventListener('change', load);
  load();
})();
