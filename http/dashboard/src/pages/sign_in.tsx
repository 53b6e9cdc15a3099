// The door.
import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../actions';
import { ApiError, connection } from '../api';
import { basePath } from '../base';
import { Logo } from '../components/icons';
import { t } from '../i18n';
import { go, place } from '../router';
import { session, signIn } from '../session';
import { useStore } from '../store';
import { nextPlace } from '../url_state';
import { visible } from '../safe_text';

export function SignInPage({ resume = true }: { resume?: boolean }) {
  const { query } = useStore(place);
  const { state } = useStore(session);
  const reached = useStore(connection);
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  useEffect(() => {
    // A session that ended is known by the last answer, before anybody asks for the session again.
    if (!resume || reached === 'signed-out' || (state !== 'signed-in' && state !== 'none')) return;
    const { path, query: filters } = nextPlace(query.next, basePath);
    go(path, filters, 'replace');
  }, [state, reached, resume]);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError('');
    try {
      await signIn(user, password);
    } catch (failure) {
      setError(failure instanceof ApiError && failure.missing ? t('session.missing')
        : failure instanceof ApiError && failure.status === 401 ? t('session.wrong') : messageOf(failure));
      setPassword('');
      first.current?.focus();
    }
    setBusy(false);
  };
  return (
    <main class="door" id="main">
      <form class="panel" onSubmit={(event) => void submit(event)} aria-labelledby="page-title">
        <div class="brand"><Logo /><span>TownKrier</span></div>
        <h1 id="page-title" tabIndex={-1}>{t('session.title')}</h1>
        <label class="field"><span>{t('session.user')}</span>
          <input ref={first} type="text" name="username" autoComplete="username" required value={user} aria-describedby="door-error"
            onInput={(event) => setUser(event.currentTarget.value)} /></label>
        <label class="field"><span>{t('session.password')}</span>
          <input type="password" name="password" autoComplete="current-password" required value={password} aria-describedby="door-error"
            onInput={(event) => setPassword(event.currentTarget.value)} /></label>
        <p class="field-error" id="door-error" role="alert">{visible(error)}</p>
        <button type="submit" class="primary" disabled={busy}>{t('session.in')}</button>
      </form>
    </main>
  );
}
