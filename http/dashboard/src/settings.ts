// What a person chose; kept in this browser alone.
import { createStore } from './store';
import type { Zone } from './format';

export const INTERVALS = [1, 2, 5, 10, 30] as const;
export const PAGE_SIZES = [25, 50, 100, 200] as const;
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
/** Of the overview's history. */
export const RANGES = ['1h', '24h', '7d', '30d'] as const;
export type HistoryRange = (typeof RANGES)[number];
export type Language = keyof typeof LANGUAGES;
export type Theme = 'system' | 'light' | 'dark';

export interface Settings {
  theme: Theme;
  zone: Zone;
  language: Language;
  /** Seconds between two looks at the server. */
  interval: number;
  paused: boolean;
  pageSize: number;
  /** The one chosen last. */
  range: HistoryRange;
}

const KEY = 'townkrier.settings';

export const DEFAULTS: Settings = {
  theme: 'system', zone: 'local', language: 'en', interval: 2, paused: false, pageSize: 50, range: '1h',
};

function oneOf<T>(value: unknown, allowed: readonly T[], fallback: T): T {
  return allowed.includes(value as T) ? (value as T) : fallback;
}

/** Whatever was stored, made valid. */
export function readSettings(text: string | null, language: string): Settings {
  let stored: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text ?? '{}');
    if (parsed !== null && typeof parsed === 'object') stored = parsed as Record<string, unknown>;
  } catch {
    // Not ours, or damaged: the defaults hold.
  }
  const languages = Object.keys(LANGUAGES) as Language[];
  return {
    theme: oneOf(stored.theme, ['system', 'light', 'dark'] as const, DEFAULTS.theme),
    zone: oneOf(stored.zone, ['local', 'utc'] as const, DEFAULTS.zone),
    language: oneOf(stored.language, languages, oneOf(language.slice(0, 2), languages, 'en')),
    interval: oneOf<number>(stored.interval, INTERVALS, DEFAULTS.interval),
    paused: stored.paused === true,
    pageSize: oneOf<number>(stored.pageSize, PAGE_SIZES, DEFAULTS.pageSize),
    range: oneOf(stored.range, RANGES, DEFAULTS.range),
  };
}

function load(): Settings {
  let text: string | null = null;
  try {
    text = localStorage.getItem(KEY);
  } catch {
    // Storage may be forbidden: settings last as long as the page.
  }
  return readSettings(text, globalThis.navigator?.language ?? 'en');
}

export const settings = createStore<Settings>(load());

export function change(part: Partial<Settings>): void {
  settings.update(part);
  try {
    localStorage.setItem(KEY, JSON.stringify(settings.get()));
  } catch {
    // As above.
  }
}

/** Puts theme and language on the document, now and whenever they change. */
export function applySettings(): void {
  const apply = ({ theme, language }: Settings) => {
    document.documentElement.dataset.theme = theme;
    document.documentElement.lang = language;
  };
  apply(settings.get());
  settings.subscribe(apply);
}
