// The overview's tables: channels, queues, errors. Each leads to its page.
import { call } from '../api';
import { Badge, Text, Time } from '../components/basics';
import { Icon } from '../components/icons';
import { Empty, Panel, Shown } from '../components/panel';
import { Scroll } from '../components/scroll';
import { formatDuration, formatPercent, formatRate, formatShort } from '../format';
import { t } from '../i18n';
import { linkTo } from '../router';
import { settings } from '../settings';
import { useStore } from '../store';
import type { ChannelInfo, Errors, QueueInfo } from '../types';
import { useData } from '../use_data';

function All({ path }: { path: string }) {
  return <a class="more" href={linkTo(path)}>{t('overview.all')}<Icon name="right" size={12} /></a>;
}

/** A channel's breakers together: while one of its providers works, so does the channel. */
export function breakerOf(channel: ChannelInfo): string {
  const states = channel.providers.map(({ breaker }) => breaker);
  if (states.every((state) => state === 'closed')) return 'closed';
  if (states.includes('closed')) return 'partly';
  return states.includes('half-open') ? 'half-open' : 'open';
}

export function ChannelSummary() {
  const { language } = useStore(settings);
  const loaded = useData('channels', (signal) => call<{ channels: ChannelInfo[] }>('channels', { signal }));
  return (
    <Panel title={t('nav.channels')} actions={<All path="/channels" />} class="flush">
      <Shown from={loaded}>
        {({ channels }) => channels.length === 0 ? <Empty title={t('channels.none')} /> : (
          <Scroll label={t('nav.channels')}>
            <table>
              <thead><tr><th scope="col">{t('channel.name')}</th><th scope="col">{t('channel.breaker')}</th>
                <th scope="col" class="num">{t('channel.sent')}</th><th scope="col" class="num">{t('channel.failure-rate')}</th>
                <th scope="col" class="num wide">p95</th></tr></thead>
              <tbody>
                {channels.map((channel) => (
                  <tr key={channel.name}>
                    <td><a href={linkTo('/logs', { channel: channel.name })}><Text value={channel.name} limit={40} /></a></td>
                    <td><Badge status={breakerOf(channel)} group="breaker" /></td>
                    <td class="num">{formatShort(channel.sent, language)}</td>
                    <td class="num">{formatPercent(channel.failed, channel.sent + channel.failed, language)}</td>
                    <td class="num wide">{channel.latency?.count ? formatDuration(channel.latency.p95) : '–'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </Shown>
    </Panel>
  );
}

export function QueueSummary() {
  const { language } = useStore(settings);
  const loaded = useData('queues', (signal) => call<{ queues: QueueInfo[] }>('queues', { signal }));
  return (
    <Panel title={t('nav.queues')} actions={<All path="/queues" />} class="flush">
      <Shown from={loaded}>
        {({ queues }) => queues.length === 0 ? <Empty title={t('queues.none')}>{t('queues.none-hint')}</Empty> : (
          <Scroll label={t('nav.queues')}>
            <table>
              <thead><tr><th scope="col">{t('queue.name')}</th><th scope="col" class="num">{t('status.pending')}</th>
                <th scope="col" class="num">{t('status.processing')}</th><th scope="col" class="num">{t('queue.oldest')}</th>
                <th scope="col" class="num wide">{t('queue.rate')}</th></tr></thead>
              <tbody>
                {queues.map((queue) => (
                  <tr key={queue.name}>
                    <td><a href={linkTo('/jobs', { queue: queue.name })}><Text value={queue.name} limit={40} /></a>
                      {queue.paused && <> <Badge status="paused" /></>}</td>
                    <td class="num">{formatShort(queue.pending, language)}</td>
                    <td class="num">{formatShort(queue.processing, language)}</td>
                    <td class="num">{queue.oldestAge === undefined ? '–' : formatDuration(queue.oldestAge)}</td>
                    <td class="num wide">{queue.rate === undefined ? '–' : formatRate(queue.rate, language)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </Shown>
    </Panel>
  );
}

export function ErrorSummary({ limit }: { limit: number }) {
  const { language } = useStore(settings);
  const loaded = useData('errors', (signal) => call<Errors>('errors', { signal }), { every: 10_000 });
  return (
    <Panel title={t('overview.errors')} actions={<All path="/errors" />} class="flush">
      <Shown from={loaded}>
        {({ errors }) => errors.length === 0 ? <Empty title={t('errors.none')} /> : (
          <ul class="error-list">
            {errors.slice(0, limit).map((group) => (
              <li key={`${group.kind} ${group.message}`}>
                <a href={linkTo(`/jobs/${group.jobId}`)} class="error-text"><Text value={group.message} limit={140} /></a>
                <span class="muted"><Text value={group.channels.join(', ') || group.kind} limit={60} /></span>
                <b class="num">{formatShort(group.count, language)}×</b>
                <Time at={group.lastAt} />
              </li>
            ))}
          </ul>
        )}
      </Shown>
    </Panel>
  );
}
