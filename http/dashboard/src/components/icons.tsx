// Small drawings, 16 by 16, in the colour of the text beside them.
import type { JSX } from 'preact';

const PATHS = {
  pending: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11z',
  scheduled: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM8 5v3.2l2.2 1.5',
  processing: 'M5 3.5v9l7.5-4.5z',
  retrying: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.7h-2.7',
  completed: 'M3 8.5l3.3 3.3L13 4.8',
  failed: 'M4 4l8 8M12 4l-8 8',
  cancelled: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM4.2 4.2l7.6 7.6',
  warning: 'M8 2.5l6 11H2zM8 6.5v3M8 11.4v.2',
  overview: 'M2.5 2.5h4.5v5h-4.5zM9 2.5h4.5v3H9zM9 7.5h4.5v6H9zM2.5 9.5h4.5v4h-4.5z',
  jobs: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  queues: 'M2.5 3h11v3h-11zM2.5 8h11v2h-11zM2.5 12h11v1.5h-11z',
  channels: 'M2.5 8a9 9 0 0 1 11 0M4.5 10.3a5.5 5.5 0 0 1 7 0M8 13v-.1',
  logs: 'M4 2.5h5.5l2.5 2.5v8.5H4zM6 7.5h4M6 10h4',
  errors: 'M8 2.5l6 11H2zM8 6.5v3M8 11.4v.2',
  audit: 'M8 2.5l5 1.8v3.7c0 3-2.2 4.8-5 5.7c-2.8-.9-5-2.7-5-5.7V4.3zM5.8 8l1.6 1.6l2.9-3',
  settings: 'M2.5 4.5h6M11.5 4.5h2M10 3v3M2.5 8h2M7.5 8h6M6 6.5v3M2.5 11.5h6M11.5 11.5h2M10 10v3',
  about: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM8 7.3v3.5M8 5.2v-.1',
  inbox: 'M2.5 9l2-5.5h7l2 5.5v4h-11zM2.5 9h3.3l1 1.7h2.4l1-1.7h3.3',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9zM10.3 10.3l3.2 3.2',
  menu: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  close: 'M4 4l8 8M12 4l-8 8',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.5v9l7.5-4.5z',
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6a2.8 2.8 0 0 1 0-5.6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z',
  half: 'M8 2.5a5.5 5.5 0 1 1 0 11zM8 2.5a5.5 5.5 0 0 0 0 11z',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  up: 'M4 9.5l4-4l4 4',
  down: 'M4 6.5l4 4l4-4',
  left: 'M10 3.5L5.5 8l4.5 4.5',
  right: 'M6 3.5L10.5 8L6 12.5',
  trash: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9',
  download: 'M8 2.5v7.5M4.8 7l3.2 3.2L11.2 7M3 13.5h10',
  user: 'M8 2.5a2.7 2.7 0 1 1 0 5.4a2.7 2.7 0 0 1 0-5.4zM2.8 13.5c.5-3 2.6-4.2 5.2-4.2s4.7 1.2 5.2 4.2',
  keyboard: 'M1.5 4.5h13v7.5h-13zM4 7h.1M6.7 7h.1M9.3 7h.1M12 7h.1M5 9.7h6',
} as const;

export type IconName = keyof typeof PATHS;

const FILLED: ReadonlySet<string> = new Set(['processing', 'play', 'overview']);

export function hasIcon(name: string): name is IconName {
  return name in PATHS;
}

export function Icon({ name, size = 16 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg class={`icon${FILLED.has(name) ? ' filled' : ''}`} width={size} height={size} viewBox="0 0 16 16"
      aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A bell: what a town crier rings. */
export function Logo(): JSX.Element {
  return (
    <svg class="logo" width="24" height="24" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" />
      <path class="bell" d="M8 18.5l2.5-8a5.7 5.7 0 0 1 11 0l2.5 8l2 2.8H6zM13 22.8a3 3 0 0 0 6 0zM16 4.8a1.7 1.7 0 0 1 1.7 1.7h-3.4A1.7 1.7 0 0 1 16 4.8z" />
    </svg>
  );
}
