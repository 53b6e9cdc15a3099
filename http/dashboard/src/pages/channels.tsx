// Channels and their providers: who sends, who fails, how fast, whose breaker is open.
import { call } from '../api';
import { Badge, Heading, Text } from '../components/basics';
import { Empty, Panel, Shown } from '../components/panel';
import { formatDuration, formatPercent, formatShort } from '../format';
import { t } from '../i18n';
import { linkTo } from '../router';
import { settings } from '../settings';
import { useStore } from '../store';
import type { ChannelInfo, Latency, ProviderInfo } from '../types';
import { useData } from '../use_data';
import { worstBreaker } from './overview_parts';

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

function Provider({ provider, language }: { provider: ProviderInfo; language: string }) {
  const tries = provider.sent + provider.failed;
  return (
    <tr>
      <td><Text value={provider.name} limit={60} /></td>
      <td><Badge status={provider.breaker} group="breaker" /></td>
      <td class="num">{formatShort(provider.sent, language)}</td>
      <td class={`num ${tries > 0 && provider.failed / tries > 0.2 ? 'bad' : ''}`}>
        {formatShort(provider.failed, language)} <span class="muted">{formatPercent(provider.failed, tries, language)}</span>
      </td>
      <td class="num wide">{provider.retried === undefined ? '–' : formatShort(provider.retried, language)}</td>
      <td class="num wide">{provider.inFlight ?? '–'}</td>
      <Times latency={provider.latency} />
    </tr>
  );
}

function Channel({ channel }: { channel: ChannelInfo }) {
  const { language } = useStore(settings);
  const load = channel.concurrency > 0 ? channel.inFlight / channel.concurrency : 0;
  return (
    <Panel class="flush" title={<><Text value={channel.name} limit={60} /> <Badge status={worstBreaker(channel)} group="breaker" /></>}
      actions={<a class="more" href={linkTo('/logs', { channel: channel.name })}>{t('nav.logs')}</a>}>
      <dl class="strip">
        <div><dt>{t('channel.in-flight')}</dt><dd>{channel.inFlight}<span class="muted"> / {channel.concurrency}</span>
          <meter min={0} max={1} value={Math.min(load, 1)} aria-label={t('channel.load')} /></dd></div>
        <div><dt>{t('channel.waiting')}</dt><dd>{formatShort(channel.waiting, language)}</dd></div>
        <div><dt>{t('channel.sent')}</dt><dd>{formatShort(channel.sent, language)}</dd></div>
        <div><dt>{t('channel.failure-rate')}</dt><dd>{formatPercent(channel.failed, channel.sent + channel.failed, language)}</dd></div>
        <div><dt>p50 · p95 · p99</dt><dd>{channel.latency && channel.latency.count > 0
          ? [channel.latency.p50, channel.latency.p95, channel.latency.p99].map(formatDuration).join(' · ') : '–'}</dd></div>
      </dl>
      {channel.providers.length === 0 ? <p class="empty">{t('channel.no-providers')}</p> : (
        <div class="scroll">
          <table>
            <thead><tr>
              <th scope="col">{t('channel.provider')}</th><th scope="col">{t('channel.breaker')}</th>
              <th scope="col" class="num">{t('channel.sent')}</th><th scope="col" class="num">{t('channel.failed')}</th>
              <th scope="col" class="num wide">{t('channel.retried')}</th><th scope="col" class="num wide">{t('channel.in-flight')}</th>
              <th scope="col" class="num wide">p50</th><th scope="col" class="num">p95</th><th scope="col" class="num wide">p99</th>
            </tr></thead>
            <tbody>{channel.providers.map((provider) => <Provider key={provider.name} provider={provider} language={language} />)}</tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

export function ChannelsPage() {
  const loaded = useData('channels', (signal) => call<{ channels: ChannelInfo[] }>('channels', { signal }));
  return (
    <>
      <Heading title={t('nav.channels')} note={t('channels.note')} />
      <Shown from={loaded} lines={8}>
        {({ channels }) => channels.length === 0 ? <Empty title={t('channels.none')}>{t('channels.none-hint')}</Empty>
          : <div class="stack">{channels.map((channel) => <Channel key={channel.name} channel={channel} />)}</div>}
      </Shown>
    </>
  );
}
