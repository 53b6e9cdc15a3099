// Versions, health, licences, the API.
import { callText } from '../api';
import { apiUrl, href } from '../base';
import { Badge, Facts, Heading, Text, Time } from '../components/basics';
import { Empty, Panel, Shown } from '../components/panel';
import { t } from '../i18n';
import { loadHealth } from '../health';
import { useData } from '../use_data';
import { visible } from '../safe_text';

declare const DASHBOARD_VERSION: string;

function Licences() {
  const loaded = useData('licences', async (signal) => {
    const answer = await fetch(href('/assets/licences.txt'), { signal });
    return answer.text();
  }, { once: true });
  return <Shown from={loaded}>{(text) => <pre class="text licences" tabIndex={0} aria-label={t('about.licences')}>{text}</pre>}</Shown>;
}

function ApiDocument() {
  const loaded = useData('openapi', (signal) => callText('openapi.json', { signal }), { once: true });
  if (loaded.error) return <p class="muted">{t('panel.missing')}</p>;
  return <p><a href={apiUrl('openapi.json')} data-external>openapi.json</a></p>;
}

export function AboutPage() {
  const health = useData('health', loadHealth, { every: 5000 });
  return (
    <>
      <Heading title={t('nav.about')} />
      <div class="grid-2">
        <Panel title={t('about.health')}>
          <Shown from={health}>
            {({ status, version, timestamp, checks }) => (
              <>
                <Facts rows={[
                  [t('about.status'), <Badge status={status} group="health" />],
                  [t('about.server'), `townkrierd ${visible(version ?? '')}`],
                  [t('about.dashboard'), DASHBOARD_VERSION],
                  [t('about.clock'), <Time at={timestamp} exact />],
                ]} />
                <h3>{t('about.checks')}</h3>
                {Object.keys(checks ?? {}).length === 0 ? <Empty title={t('about.no-checks')} /> : (
                  <Facts rows={Object.entries(checks ?? {}).map(([name, text]) => [<Text value={name} />,
                    text === 'ok' ? <Badge status="ok" group="health" /> : <Text class="error-text" value={text} />])} />
                )}
              </>
            )}
          </Shown>
        </Panel>
        <Panel title={t('about.api')}>
          <p>{t('about.api-what')}</p>
          <ApiDocument />
          <p><a href={apiUrl('stats')} data-external>stats</a> · <a href={apiUrl('health')} data-external>health</a></p>
        </Panel>
      </div>
      <Panel title={t('about.licences')}><Licences /></Panel>
    </>
  );
}
