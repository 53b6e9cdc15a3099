// Channels and their providers: who sends, who fails, how fast, whose breaker is open.
import { call } from '../api';
import { Badge, Bar, Heading, Text } from '../components/basics';
import { Empty, Shown } from '../components/panel';
import { Scroll } from '../components/scroll';
import { formatDuration, formatPercent, formatShort } from '../format';
import { t } from '../i18n';
import { linkTo } from '../router';
import { settings } from '../settings';
import { useStore } from '../store';
import type { ChannelInfo, Latency } from '../types';
import { useData } from '../use_data';
import { breakerOf } from './overview_parts';

function Times({ latency }: { latency: Latency | undefined }) {
  const some = latency && latency.count > 0 ? latency : null;
  return (
    <>
      <td class="num wide">{some ? formatDuration(some.p50) : '–'}</td>
      <td class="num">{some ? formatDuration(some.p95) : '–'}</td>
      <td class="num wide">{some ? formatDuration(some.p99) : '–'}</td>
    </>
  );
}

interface Numbers {
  sent: number;
  failed: number;
  retried?: number;
  latency?: Latency;
}

function Counts({ of, language }: { of: Numbers; language: string }) {
  const tries = of.sent + of.failed;
  return (
    <>
      <td class="num">{formatShort(of.sent, language)}</td>
      <td class={`num ${tries > 0 && of.failed / tries > 0.2 ? 'bad' : ''}`}>
        {formatShort(of.failed, language)} <span class="muted">{formatPercent(of.failed, tries, language)}</span>
      </td>
      <td class="num wide">{of.retried === undefined ? '–' : formatShort(of.retried, language)}</td>
      <Times latency={of.latency} />
    </>
  );
}

/** A channel, and below it its providers where they say more than the channel does. */
function Channel({ channel, language }: { channel: ChannelInfo; language: string }) {
  const load = channel.concurrency > 0 ? channel.inFlight / channel.concurrency : 0;
  const only = channel.providers.length === 1 && channel.providers[0]!.name === channel.name.replace(/^@/, '');
  return (
    <tbody>
      <tr data-channel={channel.name}>
        <td><a class="row-title" href={linkTo('/logs', { channel: channel.name })}><Text value={channel.name} limit={60} /></a></td>
        <td class="state"><Badge status={breakerOf(channel)} group="breaker" /></td>
        <td class="num mid">{channel.inFlight}<span class="muted">/{channel.concurrency}</span>
          <Bar class="load" share={load} paint={load >= 1 ? 'retrying' : 'processing'} /></td>
        <td class="num mid">{formatShort(channel.waiting, language)}</td>
        <Counts of={channel} language={language} />
      </tr>
      {!only && channel.providers.map((provider) => (
        <tr class="sub" key={provider.name}>
          <td><Text value={provider.name} limit={60} /></td>
          <td class="state"><Badge status={provider.breaker} group="breaker" /></td>
          <td class="num mid">{provider.inFlight ?? '–'}</td>
          <td class="num mid">–</td>
          <Counts of={provider} language={language} />
        </tr>
      ))}
    </tbody>
  );
}

export function ChannelsPage() {
  const { language } = useStore(settings);
  const loaded = useData('channels', (signal) => call<{ channels: ChannelInfo[] }>('channels', { signal }));
  return (
    <>
      <Heading title={t('nav.channels')} note={t('channels.note')} />
      <section class="panel flush" aria-label={t('nav.channels')}>
        <Shown from={loaded} lines={8}>
          {({ channels }) => channels.length === 0 ? <Empty title={t('channels.none')}>{t('channels.none-hint')}</Empty> : (
            <Scroll label={t('nav.channels')}>
              <table class="list">
                <thead><tr>
                  <th scope="col">{t('channel.name')}</th><th scope="col" class="state">{t('channel.breaker')}</th>
                  <th scope="col" class="num mid">{t('channel.in-flight')}</th><th scope="col" class="num mid">{t('channel.waiting')}</th>
                  <th scope="col" class="num">{t('channel.sent')}</th><th scope="col" class="num">{t('channel.failed')}</th>
                  <th scope="col" class="num wide">{t('channel.retried')}</th>
                  <th scope="col" class="num wide">p50</th><th scope="col" class="num">p95</th><th scope="col" class="num wide">p99</th>
                </tr></thead>
                {channels.map((channel) => <Channel key={channel.name} channel={channel} language={language} />)}
              </table>
            </Scroll>
          )}
        </Shown>
      </section>
    </>
  );
}
