// One job: what it says, what happened, what can be done about it.
import { useState } from 'preact/hooks';
import { act, actionsFor, channelsOf, dueAt, messageOf, planOf, titleOf, type JobAction } from '../actions';
import { ApiError, call, segment } from '../api';
import { Badge, CopyButton, Facts, Heading, JobLink, Tags, Text, Time } from '../components/basics';
import { ask, tell } from '../components/dialog';
import { Icon } from '../components/icons';
import { JsonView } from '../components/json_view';
import { Empty, Panel, Problem, Skeleton } from '../components/panel';
import { Priority } from '../components/priority';
import { formatDuration } from '../format';
import { t, word } from '../i18n';
import { refresh } from '../live';
import { go, linkTo } from '../router';
import { mayOperate, session } from '../session';
import { useStore } from '../store';
import { visible } from '../safe_text';
import type { Job } from '../types';
import { useData } from '../use_data';
import { Countdown, DeliveryTable, LogLines, ProgressBar, Timeline } from './job_parts';

const NEXT: Record<JobAction, string> = { retry: 'job.retried', run: 'job.ran', cancel: 'job.was-cancelled', delete: 'job.deleted' };

interface ActionsProps {
  job: Job;
  changed: () => void;
  /** Why the server did not do it; empty: nothing to tell any more. */
  refused: (why: string) => void;
}

function Actions({ job, changed, refused }: ActionsProps) {
  const [busy, setBusy] = useState('');
  const perform = async (action: JobAction) => {
    setBusy(action);
    refused('');
    try {
      await act(job.id, action);
      tell(t(NEXT[action] as 'job.retried'));
      if (action === 'delete') go('/jobs', {}, 'replace');
    } finally {
      setBusy('');
      refresh();
      if (action !== 'delete') changed();
    }
  };
  const click = (action: JobAction) => {
    if (action === 'delete' || action === 'cancel') {
      ask({
        title: t(action === 'delete' ? 'job.delete-title' : 'job.cancel-title'),
        body: <><p>{t(action === 'delete' ? 'job.delete-what' : 'job.cancel-what')}</p>
          <p><b><Text value={titleOf(job)} limit={120} /></b><br /><code>{job.id}</code></p></>,
        confirm: word('action', action), danger: true, run: () => perform(action),
      });
      return;
    }
    // The state may have changed meanwhile: the answer says so, and the page shows the new one.
    perform(action).catch((error: unknown) => refused(messageOf(error)));
  };
  return (
    <>
      {actionsFor(job.status).map((action) => (
        <button type="button" key={action} disabled={busy !== ''} onClick={() => click(action)}
          class={action === 'retry' || action === 'run' ? 'primary' : action === 'delete' ? 'danger-text' : ''}>
          {word('action', action)}
        </button>
      ))}
    </>
  );
}

function Refusal({ why, close }: { why: string; close: () => void }) {
  return (
    <div class="problem" role="alert">
      <Icon name="warning" />
      <div><p><b>{t('job.refused')}</b></p><p>{visible(why)}</p></div>
      <button type="button" class="icon-button" aria-label={t('dialog.close')} onClick={close}><Icon name="close" size={14} /></button>
    </div>
  );
}

function Summary({ job }: { job: Job }) {
  const due = dueAt(job);
  const plan = planOf(job);
  const rows: [string, preact.ComponentChildren][] = [
    [t('job.status'), <><Badge status={job.status} />{due && <> <Countdown at={due} /></>}</>],
    [t('job.kind'), <Text value={job.kind} limit={80} />],
    [t('job.queue'), <a href={linkTo('/jobs', { queue: job.queue })}><Text value={job.queue} limit={80} /></a>],
    [t('job.priority'), <Priority value={job.priority} />],
    [t('job.attempts'), t('job.attempts-of', { done: job.attempts, most: job.maxRetries + 1 })],
    [t('job.created'), <Time at={job.createdAt} />],
  ];
  if (plan.strategy) rows.push([t('job.strategy'), t(`strategy.${plan.strategy}`)]);
  for (const { channel, insteadOf } of plan.fallbacks) {
    rows.push([t('job.fallback'), <><Text value={channel} limit={60} /> {t('job.instead-of')} <Text value={insteadOf} limit={60} /></>]);
  }
  if (job.scheduledFor) rows.push([t('job.scheduled-for'), <Time at={job.scheduledFor} />]);
  if (job.processedAt) rows.push([t('job.started'), <Time at={job.processedAt} />]);
  if (job.completedAt) rows.push([t('job.completed'), <Time at={job.completedAt} />]);
  if (job.failedAt) rows.push([t('job.failed'), <Time at={job.failedAt} />]);
  const end = job.completedAt ?? job.failedAt;
  if (end) rows.push([t('job.total-time'), formatDuration(Date.parse(end) - Date.parse(job.createdAt))]);
  if (job.tags.length > 0) rows.push([t('job.tags'), <Tags tags={job.tags} />]);
  return <Facts rows={rows} />;
}

function Payload({ job }: { job: Job }) {
  const value = job.kind === 'notification'
    ? { notification: job.notification ?? {}, recipient: job.recipient ?? {} } : (job.payload ?? null);
  return (
    <Panel title={t('job.payload')}>
      <p class="note">{t('job.masked')}</p>
      <JsonView value={value} label={t('job.payload')} />
    </Panel>
  );
}

function Details({ job }: { job: Job }) {
  return (
    <>
      {job.error && (
        <Panel title={t('job.error')} class="error-panel"><pre class="text error-text" tabIndex={0}><Text value={job.error} limit={4000} /></pre></Panel>
      )}
      {job.progress !== undefined && <ProgressBar progress={job.progress} running={job.status === 'processing'} />}
      <div class="grid-main">
        <div class="stack">
          {(job.logLines?.length ?? 0) > 0 && <LogLines job={job} />}
          {Object.keys(job.deliveries).length > 0 && <DeliveryTable job={job} />}
          <Timeline job={job} />
          <Payload job={job} />
          {job.result !== undefined && <Panel title={t('job.result')}><JsonView value={job.result} label={t('job.result')} /></Panel>}
        </div>
        <div class="stack">
          <Panel title={t('job.summary')}><Summary job={job} /></Panel>
          {Object.keys(job.metadata).length > 0 && (
            <Panel title={t('job.metadata')}><JsonView value={job.metadata} label={t('job.metadata')} /></Panel>
          )}
        </div>
      </div>
    </>
  );
}

export function JobPage({ id }: { id: string }) {
  const operator = mayOperate(useStore(session));
  const loaded = useData(`job ${id}`, (signal) => call<Job>(`jobs/${segment(id)}`, { signal }));
  const [refusal, setRefusal] = useState('');
  const { data: job, error } = loaded;
  if (error instanceof ApiError && error.status === 404) {
    return (
      <>
        <Heading title={t('job.title')} />
        <Empty title={t('job.gone')}>{t('job.gone-hint')} <a href={linkTo('/jobs')}>{t('nav.jobs')}</a></Empty>
        <p class="center muted"><code>{visible(id).slice(0, 80)}</code></p>
      </>
    );
  }
  if (!job) return <><Heading title={t('job.title')} />{error && error.status > 0 ? <Problem error={error} retry={() => void loaded.reload()} /> : <Skeleton lines={8} />}</>;
  return (
    <>
      <Heading title={<Text value={titleOf(job)} limit={90} />}
        note={<><Badge status={job.status} /> <span class="id-line"><JobLink id={job.id} full /><CopyButton text={job.id} label={t('copy.id')} /></span></>}>
        {operator && <Actions job={job} changed={() => void loaded.reload()} refused={setRefusal} />}
        {channelsOf(job).length > 0 && <a class="button" href={linkTo('/logs', { jobId: job.id })}>{t('job.logs')}</a>}
      </Heading>
      {refusal && <Refusal why={refusal} close={() => setRefusal('')} />}
      {error && <Problem error={error} />}
      <Details job={job} />
    </>
  );
}
