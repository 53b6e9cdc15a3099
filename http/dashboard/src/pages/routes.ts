// Paths of pages, their names and their keys. http/pages.cpp serves exactly these.
import type { IconName } from '../components/icons';
import type { Key } from '../i18n';

export interface NavEntry {
  path: string;
  title: Key;
  icon: IconName;
  /** After "g". */
  letter: string;
  /** Whose number stands beside it. */
  count?: 'scheduled' | 'retrying' | 'failed';
  admin?: boolean;
}

export const NAV: readonly (readonly NavEntry[])[] = [
  [{ path: '/', title: 'nav.overview', icon: 'overview', letter: 'o' }],
  [
    { path: '/jobs', title: 'nav.jobs', icon: 'jobs', letter: 'j' },
    { path: '/scheduled', title: 'nav.scheduled', icon: 'scheduled', letter: 's', count: 'scheduled' },
    { path: '/retries', title: 'nav.retries', icon: 'retrying', letter: 'r', count: 'retrying' },
    { path: '/failed', title: 'nav.failed', icon: 'failed', letter: 'f', count: 'failed' },
    { path: '/errors', title: 'nav.errors', icon: 'errors', letter: 'e' },
  ],
  [
    { path: '/queues', title: 'nav.queues', icon: 'queues', letter: 'q' },
    { path: '/channels', title: 'nav.channels', icon: 'channels', letter: 'c' },
    { path: '/logs', title: 'nav.logs', icon: 'logs', letter: 'l' },
  ],
  [
    { path: '/audit', title: 'nav.audit', icon: 'audit', letter: 'a', admin: true },
    { path: '/settings', title: 'nav.settings', icon: 'settings', letter: 't' },
    { path: '/about', title: 'nav.about', icon: 'about', letter: 'b' },
  ],
];

export const ENTRIES: readonly NavEntry[] = NAV.flat();

/** The entry a path belongs to: "/jobs/42" is in "/jobs". */
export function entryOf(path: string): NavEntry | undefined {
  return ENTRIES.find((entry) => entry.path === path)
    ?? ENTRIES.find((entry) => entry.path !== '/' && path.startsWith(`${entry.path}/`));
}
