// Queues: how much waits, for how long; pause and resume.
import { call, post, segment } from '../api';
import { Badge, Heading, Text } from '../components/basics';
import { ask, tell } from '../components/dialog';
import { Icon } from '../components/icons';
import { Empty, Shown } from '../components/panel';
import { Scroll } from '../components/scroll';
import { formatDuration, formatRate, formatShort } from '../format';
import { t, word } from '../i18n';
import { refresh } from '../live';
import { linkTo } from '../router';
import { mayOperate, session } from '../session';
import { settings } from '../settings';
import { useStore } from '../store';
import { JOB_STATUSES, type QueueInfo } from '../types';
import { useData } from '../use_data';

function FlowButton({ queue, done }: { queue: QueueInfo; done: () => void }) {
  const verb = queue.paused ? 'resume' : 'pause';
  const run = async () => {
    await post(`queues/${segment(queue.name)}/${verb}`);
    tell(t(queue.paused ? 'queue.resumed' : 'queue.was-paused', { name: queue.name }));
    refresh();
    done();
  };
  const click = () => ask({
    title: t(queue.paused ? 'queue.resume-title' : 'queue.pause-title', { name: queue.name }),
    body: <p>{t(queue.paused ? 'queue.resume-what' : 'queue.pause-what', { count: queue.pending })}</p>,
    confirm: word('action', verb),
    run,
  });
  return (
    <button type="button" onClick={click} aria-label={`${word('action', verb)} ${queue.name}`}>
      <Icon name={queue.paused ? 'play' : 'pause'} size={14} /><span class="button-word">{word('action', verb)}</span>
    </button>
  );
}

export function QueuesPage() {
  const { language } = useStore(settings);
  const operator = mayOperate(useStore(session));
  const loaded = useData('queues', (signal) => call<{ queues: QueueInfo[] }>('queues', { signal }));
  return (
    <>
      <Heading title={t('nav.queues')} note={t('queues.note')} />
      <section class="panel flush" aria-label={t('nav.queues')}>
        <Shown from={loaded}>
          {({ queues }) => queues.length === 0 ? <Empty title={t('queues.none')}>{t('queues.none-hint')}</Empty> : (
            <Scroll label={t('nav.queues')}>
              <table class="list dense">
                <thead>
                  <tr>
                    <th scope="col">{t('queue.name')}</th><th scope="col" class="state">{t('job.status')}</th>
                    <th scope="col" class="num mid">{t('queue.oldest')}</th>
                    <th scope="col" class="num wide">{t('queue.rate')}</th>
                    {JOB_STATUSES.map((status) => (
                      <th scope="col" key={status} class={`num ${status === 'pending' || status === 'failed' ? '' : 'wide'}`}>{word('status', status)}</th>
                    ))}
                    {operator && <th scope="col"><span class="sr">{t('job.actions')}</span></th>}
                  </tr>
                </thead>
                <tbody>
                  {queues.map((queue) => (
                    <tr key={queue.name} data-queue={queue.name}>
                      <td><a class="row-title" href={linkTo('/jobs', { queue: queue.name })}><Text value={queue.name} limit={64} /></a></td>
                      <td class="state"><Badge status={queue.paused ? 'paused' : 'running'} /></td>
                      <td class={`num mid ${(queue.oldestAge ?? 0) > 300_000 ? 'bad' : ''}`}>{queue.oldestAge === undefined ? '–' : formatDuration(queue.oldestAge)}</td>
                      <td class="num wide">{queue.rate === undefined ? '–' : formatRate(queue.rate, language)}</td>
                      {JOB_STATUSES.map((status) => (
                        <td key={status} class={`num ${status === 'pending' || status === 'failed' ? '' : 'wide'}`}>
                          {queue[status] === 0 ? <span class="muted">0</span>
                            : <a href={linkTo('/jobs', { queue: queue.name, status })}>{formatShort(queue[status], language)}</a>}
                        </td>
                      ))}
                      {operator && <td class="end"><FlowButton queue={queue} done={() => void loaded.reload()} /></td>}
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )}
        </Shown>
      </section>
    </>
  );
}
