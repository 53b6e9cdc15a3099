// The frame around every page: navigation, search, heartbeat, banners.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { connection } from '../api';
import { formatShort } from '../format';
import { t } from '../i18n';
import { beat, refresh } from '../live';
import { ENTRIES, entryOf, NAV, type NavEntry } from '../pages/routes';
import { go, linkTo, place } from '../router';
import { session, signOut } from '../session';
import { change, settings, type Theme } from '../settings';
import { useStore } from '../store';
import { Icon, Logo } from './icons';
import { tell } from './dialog';
import { visible } from '../safe_text';

function NavLink({ entry, current, leave }: { entry: NavEntry; current: boolean; leave: () => void }) {
  const { live } = useStore(beat);
  const { language } = useStore(settings);
  const count = entry.count && live ? live.queue[entry.count] : 0;
  return (
    <li>
      <a href={linkTo(entry.path)} aria-current={current ? 'page' : undefined} onClick={leave}
        aria-keyshortcuts={`g ${entry.letter}`}>
        <Icon name={entry.icon} />
        <span>{t(entry.title)}</span>
        {count > 0 && <span class={`count ${entry.count === 'failed' ? 'bad' : ''}`}>{formatShort(count, language)}</span>}
      </a>
    </li>
  );
}

function Navigation({ open, leave }: { open: boolean; leave: () => void }) {
  const { path } = useStore(place);
  const { role } = useStore(session);
  const current = entryOf(path);
  return (
    <nav id="navigation" class={open ? 'open' : ''} aria-label={t('nav.label')}>
      <a class="brand" href={linkTo('/')} onClick={leave}><Logo /><span>TownKrier</span></a>
      {NAV.map((group, index) => (
        <ul key={index}>
          {group.filter((entry) => !entry.admin || role === 'admin').map((entry) => (
            <NavLink key={entry.path} entry={entry} current={entry === current} leave={leave} />
          ))}
        </ul>
      ))}
    </nav>
  );
}

function Search() {
  const [text, setText] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    const query = text.trim();
    // An id leads straight to its job.
    if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(query)) go(`/jobs/${query.toLowerCase()}`);
    else go('/jobs', query ? { q: query } : {});
  };
  return (
    <form class="search" role="search" onSubmit={submit}>
      <Icon name="search" />
      <input id="search" type="search" placeholder={t('search.placeholder')} aria-label={t('search.label')}
        aria-keyshortcuts="/" value={text} maxLength={200}
        onInput={(event) => setText(event.currentTarget.value)} />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

function Heartbeat() {
  const { interval, paused } = useStore(settings);
  const state = useStore(connection);
  const mode = paused ? 'paused' : state === 'ok' ? 'live' : 'away';
  return (
    <div class={`heartbeat ${mode}`}>
      <span class="dot" aria-hidden="true" />
      <span class="heartbeat-text">{mode === 'paused' ? t('live.paused') : mode === 'away' ? t('live.away')
        : t('live.every', { seconds: interval })}</span>
      <button type="button" class="icon-button" aria-pressed={paused} aria-keyshortcuts="p"
        aria-label={t(paused ? 'live.resume' : 'live.pause')} title={t(paused ? 'live.resume' : 'live.pause')}
        onClick={() => change({ paused: !paused })}>
        <Icon name={paused ? 'play' : 'pause'} />
      </button>
    </div>
  );
}

const THEMES: Record<Theme, { next: Theme; icon: 'half' | 'sun' | 'moon' }> = {
  system: { next: 'light', icon: 'half' },
  light: { next: 'dark', icon: 'sun' },
  dark: { next: 'system', icon: 'moon' },
};

function ThemeButton() {
  const { theme } = useStore(settings);
  const label = `${t('settings.theme')}: ${t(`theme.${theme}`)}`;
  return (
    <button type="button" class="icon-button theme-button" aria-label={label} title={label}
      onClick={() => change({ theme: THEMES[theme].next })}><Icon name={THEMES[theme].icon} /></button>
  );
}

function Account() {
  const { state, name, role } = useStore(session);
  if (state !== 'signed-in') return null;
  const leave = () => signOut().catch((error: Error) => tell(error.message, 'failed'));
  return (
    <div class="account">
      <Icon name="user" />
      <span class="account-name"><bdi>{visible(name)}</bdi> <span class="muted">{role}</span></span>
      <button type="button" class="link" onClick={() => void leave()}>{t('session.out')}</button>
    </div>
  );
}

function Banner() {
  const state = useStore(connection);
  const { path, query } = useStore(place);
  if (state === 'ok') return null;
  if (state === 'offline') {
    return (
      <div class="banner" role="alert">
        <Icon name="warning" /><span>{t('banner.offline')}</span>
        <button type="button" onClick={refresh}>{t('problem.again')}</button>
      </div>
    );
  }
  return (
    <div class="banner" role="alert">
      <Icon name="warning" /><span>{t('banner.signed-out')}</span>
      <a class="button" href={linkTo('/sign-in', { next: linkTo(path, query) })}>{t('session.in')}</a>
    </div>
  );
}

export function useKeys(help: () => void): void {
  const waiting = useRef(0);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const typing = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      const quiet = (target as HTMLInputElement).type === 'checkbox';
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      if (typing && !quiet) {
        if (event.key === 'Escape') target.blur();
        return;
      }
      if (Date.now() - waiting.current < 1500) {
        waiting.current = 0;
        const entry = ENTRIES.find(({ letter }) => letter === event.key);
        if (entry) { event.preventDefault(); go(entry.path); }
        return;
      }
      if (event.key === 'g') waiting.current = Date.now();
      else if (event.key === '/') { event.preventDefault(); document.getElementById('search')?.focus(); }
      else if (event.key === '?') { event.preventDefault(); help(); }
      else if (event.key === 'p') change({ paused: !settings.get().paused });
      else if (event.key === '.') refresh();
      // Into the list; from there on it moves by itself.
      else if (/^[jk]$/.test(event.key) && !event.defaultPrevented) document.querySelector<HTMLElement>('table.list .row-title')?.focus();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [help]);
}

export function Shell({ children, help }: { children: ComponentChildren; help: () => void }) {
  const [open, setOpen] = useState(false);
  useKeys(help);
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus(); }}>
        {t('skip')}
      </a>
      <Navigation open={open} leave={() => setOpen(false)} />
      {open && <div class="veil" onClick={() => setOpen(false)} />}
      <div class="side">
        <header>
          <button type="button" class="icon-button menu-button" aria-expanded={open} aria-controls="navigation"
            aria-label={t('nav.open')} onClick={() => setOpen(!open)}><Icon name={open ? 'close' : 'menu'} /></button>
          <Search />
          <Heartbeat />
          <button type="button" class="icon-button keys-button" aria-label={t('keys.title')} title={`${t('keys.title')} (?)`}
            onClick={help}><Icon name="keyboard" /></button>
          <ThemeButton />
          <Account />
        </header>
        <Banner />
        <main id="main" tabIndex={-1}>{children}</main>
      </div>
    </div>
  );
}
