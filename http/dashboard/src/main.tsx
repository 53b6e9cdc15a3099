import './styles/app.css';
import { render } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { Heading } from './components/basics';
import { OperationBar } from './components/bulk';
import { Dialogs, Toasts } from './components/dialog';
import { KeysDialog } from './components/keys';
import { Empty } from './components/panel';
import { Shell } from './components/shell';
import { t } from './i18n';
import { startLive } from './live';
import { AboutPage } from './pages/about';
import { AuditPage } from './pages/audit';
import { ChannelsPage } from './pages/channels';
import { ErrorsPage } from './pages/errors';
import { JobPage } from './pages/job';
import { JobsPage } from './pages/jobs';
import { LogPage } from './pages/log';
import { LogsPage } from './pages/logs';
import { OverviewPage } from './pages/overview';
import { QueuesPage } from './pages/queues';
import { entryOf } from './pages/routes';
import { SettingsPage } from './pages/settings';
import { SignInPage } from './pages/sign_in';
import { linkTo, place, startRouter } from './router';
import { session, startSession } from './session';
import { applySettings, settings } from './settings';
import { useStore } from './store';

function NotFound() {
  return (
    <>
      <Heading title={t('missing.title')} />
      <Empty title={t('missing.what')}><a href={linkTo('/')}>{t('nav.overview')}</a></Empty>
    </>
  );
}

function Page({ path }: { path: string }) {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const [name = '', id] = parts;
  if (id !== undefined) {
    if (parts.length === 2 && name === 'jobs') return <JobPage key={id} id={id} />;
    if (parts.length === 2 && name === 'logs') return <LogPage key={id} id={id} />;
    return <NotFound />;
  }
  switch (name) {
    case '': return <OverviewPage />;
    case 'jobs': return <JobsPage key="jobs" view={{ title: 'nav.jobs' }} />;
    case 'scheduled': return <JobsPage key="scheduled" view={{ title: 'nav.scheduled', status: 'scheduled', note: 'jobs.scheduled-note' }} />;
    case 'retries': return <JobsPage key="retries" view={{ title: 'nav.retries', status: 'retrying', note: 'jobs.retries-note' }} />;
    case 'failed': return <JobsPage key="failed" view={{ title: 'nav.failed', status: 'failed', note: 'jobs.failed-note' }} />;
    case 'queues': return <QueuesPage />;
    case 'channels': return <ChannelsPage />;
    case 'logs': return <LogsPage />;
    case 'errors': return <ErrorsPage />;
    case 'audit': return <AuditPage />;
    case 'settings': return <SettingsPage />;
    case 'about': return <AboutPage />;
    default: return <NotFound />;
  }
}

function App() {
  const { path } = useStore(place);
  const { state } = useStore(session);
  const { language } = useStore(settings);
  const [keys, setKeys] = useState(false);
  const help = useCallback(() => setKeys(true), []);
  useEffect(() => {
    const entry = entryOf(path);
    document.title = `${entry ? t(entry.title) : 'TownKrier'} · TownKrier`;
  }, [path, language]);
  if (path === '/sign-in') return <SignInPage />;
  // Nobody was signed in from the beginning; a session that ends later leaves the page as it is.
  if (state === 'signed-out') return <SignInPage resume={false} />;
  return (
    <Shell help={help} key={language}>
      <OperationBar />
      <Page path={path} />
      <Dialogs />
      <Toasts />
      {keys && <KeysDialog close={() => setKeys(false)} />}
    </Shell>
  );
}

applySettings();
startRouter();
startSession();
startLive();
render(<App />, document.getElementById('app')!);
