// Parts of the job's page.
import { Badge, LongText, Text, Time, useNow } from '../components/basics';
import { Empty, Panel } from '../components/panel';
import { Scroll } from '../components/scroll';
import { formatClock, formatDuration } from '../format';
import { t } from '../i18n';
import { linkTo } from '../router';
import { visible } from '../safe_text';
import { settings } from '../settings';
import { useStore } from '../store';
import type { HistoryEntry, Job, Progress } from '../types';

/** Counts down to a retry or a schedule. */
export function Countdown({ at }: { at: string }) {
  const left = Date.parse(at) - useNow();
  return <span class="countdown">{left > 0 ? t('job.in', { time: formatDuration(Math.ceil(left / 1000) * 1000) }) : t('job.due-now')}</span>;
}

export function ProgressBar({ progress }: { progress: Progress | number }) {
  const percent = typeof progress === 'number' ? progress : (progress.percent ?? progress.value ?? 0);
  const message = typeof progress === 'number' ? undefined : progress.message;
  return (
    <Panel title={t('job.progress')}>
      <div class="progress-line">
        <progress max={100} value={percent} aria-label={t('job.progress')} /><b>{Math.round(percent)} %</b>
      </div>
      {message && <p><Text value={message} limit={400} /></p>}
    </Panel>
  );
}

export function DeliveryTable({ job }: { job: Job }) {
  return (
    <Panel title={t('job.deliveries')} class="flush">
      <Scroll label={t('job.deliveries')}>
        <table>
          <thead><tr>
            <th scope="col">{t('job.channel')}</th><th scope="col">{t('job.status')}</th>
            <th scope="col" class="mid">{t('channel.provider')}</th><th scope="col" class="num">{t('job.attempts')}</th>
            <th scope="col">{t('log.sent-at')}</th><th scope="col" class="wide">{t('log.delivered-at')}</th>
            <th scope="col" class="wide">{t('log.message-id')}</th>
          </tr></thead>
          <tbody>
            {Object.entries(job.deliveries).map(([channel, delivery]) => (
              <tr key={channel}>
                <td><a href={linkTo('/logs', { jobId: job.id, channel })}><Text value={channel} limit={60} /></a>
                  {delivery.error && <span class="row-sub error-text"><Text value={delivery.error} limit={300} /></span>}</td>
                <td><Badge status={delivery.status} />{delivery.nextAttemptAt && <> <Countdown at={delivery.nextAttemptAt} /></>}</td>
                <td class="mid"><Text value={delivery.provider ?? '–'} limit={60} /></td>
                <td class="num">{delivery.attempts}</td>
                <td><Time at={delivery.sentAt} /></td>
                <td class="wide"><Time at={delivery.deliveredAt} /></td>
                <td class="wide"><code><Text value={delivery.messageId ?? '–'} limit={60} /></code></td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

/** An event, and how long it was after the one before. */
function Event({ entry, before }: { entry: HistoryEntry; before: HistoryEntry | undefined }) {
  const style = useStore(settings);
  const wait = before ? Date.parse(entry.timestamp) - Date.parse(before.timestamp) : 0;
  return (
    <>
      {before && wait >= 1000 && <li class="wait"><span>{formatDuration(wait)}</span></li>}
      <li class={`event s-${entry.status.replace(/[^a-z-]/g, '')}`}>
        <span class="event-head">
          <Badge status={entry.status} />
          <time dateTime={entry.timestamp} title={visible(entry.timestamp)}>{formatClock(Date.parse(entry.timestamp), style)}</time>
          {entry.attempt > 0 && <span class="muted">{t('job.attempt', { number: entry.attempt })}</span>}
          {entry.duration !== undefined && <span class="muted">{t('job.took', { time: formatDuration(entry.duration) })}</span>}
        </span>
        {entry.message && <span class="event-text"><Text value={entry.message} limit={500} /></span>}
        {entry.error && <LongText value={entry.error} limit={600} />}
      </li>
    </>
  );
}

export function Timeline({ job }: { job: Job }) {
  return (
    <Panel title={t('job.timeline')}>
      {job.logs.length === 0 ? <Empty title={t('job.no-history')} /> : (
        <ol class="timeline">
          {job.logs.map((entry, index) => (
            <Event key={`${index} ${entry.timestamp}`} entry={entry} before={job.logs[index - 1]} />
          ))}
          {job.status === 'processing' && <Running since={job.processedAt} />}
        </ol>
      )}
    </Panel>
  );
}

function Running({ since }: { since: string | undefined }) {
  const now = useNow();
  if (!since) return null;
  return <li class="wait"><span>{t('job.running-for', { time: formatDuration(Math.max(now - Date.parse(since), 0)) })}</span></li>;
}

