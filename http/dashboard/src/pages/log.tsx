// One row of the notification log.
import { useState } from 'preact/hooks';
import { ApiError, call, segment } from '../api';
import { Badge, CopyButton, Facts, Heading, JobLink, LongText, Tags, Text, Time } from '../components/basics';
import { JsonView } from '../components/json_view';
import { Empty, Panel, Problem, Skeleton } from '../components/panel';
import { Scroll } from '../components/scroll';
import { Priority } from '../components/priority';
import { formatDuration } from '../format';
import { t } from '../i18n';
import { linkTo } from '../router';
import type { NotificationLog } from '../types';
import { useData } from '../use_data';

function looksLikeHtml(text: string): boolean {
  return /<(?:!doctype|html|body|table|div|p|a|span|h[1-6]|br|b|strong|img|ul)\b/i.test(text);
}

/** A frame without scripts, forms, links that lead out, or an origin; it loads nothing from anywhere. */
function HtmlPreview({ html }: { html: string }) {
  const rules = "default-src 'none'; style-src 'unsafe-inline'";
  const page = `<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${rules}"><base target="_blank">${html}`;
  return <iframe class="preview" sandbox="" srcDoc={page} title={t('log.preview')} referrerpolicy="no-referrer" />;
}

function Content({ log }: { log: NotificationLog }) {
  const [asHtml, setHtml] = useState(false);
  const content = log.content ?? '';
  const html = looksLikeHtml(content);
  return (
    <Panel title={t('log.content')} actions={html && (
      <button type="button" class="link" aria-pressed={asHtml} onClick={() => setHtml(!asHtml)}>{t(asHtml ? 'log.as-text' : 'log.as-html')}</button>
    )}>
      <p class="note">{t(`privacy.${log.contentPrivacy}`)}</p>
      {log.subject && <p class="subject"><Text value={log.subject} limit={400} /></p>}
      {content === '' ? <p class="muted">{t('log.no-content')}</p>
        : asHtml ? <HtmlPreview html={content.slice(0, 500_000)} /> : <LongText value={content} limit={4000} />}
    </Panel>
  );
}

function Attempts({ log }: { log: NotificationLog }) {
  return (
    <Panel title={t('log.attempts')} class="flush">
      {log.retryLogs.length === 0 ? <Empty title={t('log.no-attempts')} /> : (
        <Scroll label={t('log.attempts')}>
          <table>
            <thead><tr><th scope="col" class="num">#</th><th scope="col">{t('job.status')}</th><th scope="col">{t('log.when')}</th>
              <th scope="col" class="num">{t('log.duration')}</th><th scope="col">{t('job.error')}</th></tr></thead>
            <tbody>
              {log.retryLogs.map((entry, index) => (
                <tr key={index}>
                  <td class="num">{entry.attempt}</td><td><Badge status={entry.status} /></td>
                  <td><Time at={entry.timestamp} exact /></td>
                  <td class="num">{entry.duration === undefined ? '–' : formatDuration(entry.duration)}</td>
                  <td>{entry.error ? <Text class="error-text" value={entry.error} limit={400} /> : <span class="muted">–</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function Summary({ log }: { log: NotificationLog }) {
  const rows: [string, preact.ComponentChildren][] = [
    [t('job.status'), <Badge status={log.status} />],
    [t('job.channel'), <a href={linkTo('/logs', { channel: log.channel })}><Text value={log.channel} limit={60} /></a>],
    [t('channel.provider'), <Text value={log.provider ?? '–'} limit={60} />],
    [t('log.recipient'), <Text value={log.recipient || '–'} limit={120} />],
  ];
  if (log.jobId) rows.push([t('job.title'), <JobLink id={log.jobId} />]);
  if (log.priority !== undefined) rows.push([t('job.priority'), <Priority value={log.priority} />]);
  if (log.messageId) rows.push([t('log.message-id'), <code><Text value={log.messageId} limit={120} /></code>]);
  if (log.tags?.length) rows.push([t('job.tags'), <Tags tags={log.tags} />]);
  return <Facts rows={rows} />;
}

function Times({ log }: { log: NotificationLog }) {
  const rows: [string, string | undefined][] = [
    [t('job.created'), log.createdAt], [t('job.scheduled-for'), log.scheduledFor], [t('log.sent-at'), log.sentAt],
    [t('log.delivered-at'), log.deliveredAt], [t('job.failed'), log.failedAt], [t('job.updated'), log.updatedAt]];
  return <Facts rows={rows.filter(([, at]) => at).map(([name, at]) => [name, <Time at={at} exact />])} />;
}

export function LogPage({ id }: { id: string }) {
  const loaded = useData(`log ${id}`, (signal) => call<NotificationLog>(`logs/${segment(id)}`, { signal }));
  const { data: log, error } = loaded;
  if (error instanceof ApiError && error.status === 404) {
    return <><Heading title={t('log.title')} /><Empty title={t('log.gone')}>{t('log.gone-hint')} <a href={linkTo('/logs')}>{t('nav.logs')}</a></Empty></>;
  }
  if (!log) return <><Heading title={t('log.title')} />{error && error.status > 0 ? <Problem error={error} retry={() => void loaded.reload()} /> : <Skeleton lines={8} />}</>;
  return (
    <>
      <Heading title={<><Text value={log.channel} limit={40} /> → <Text value={log.recipient || '–'} limit={60} /></>}
        note={<><Badge status={log.status} /> <span class="id-line"><code class="id">{log.id}</code><CopyButton text={log.id} label={t('copy.id')} /></span></>}>
        {log.jobId && <a class="button" href={linkTo(`/jobs/${log.jobId}`)}>{t('log.open-job')}</a>}
      </Heading>
      {log.error && <Panel title={t('job.error')} class="error-panel"><LongText value={log.error} /></Panel>}
      <div class="grid-main">
        <div class="stack"><Attempts log={log} /><Content log={log} />
          {log.metadata !== undefined && <Panel title={t('job.metadata')}><JsonView value={log.metadata} label={t('job.metadata')} /></Panel>}
        </div>
        <div class="stack">
          <Panel title={t('job.summary')}><Summary log={log} /></Panel>
          <Panel title={t('log.times')}><Times log={log} /></Panel>
        </div>
      </div>
    </>
  );
}
