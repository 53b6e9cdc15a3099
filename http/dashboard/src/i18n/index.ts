// Words on the page. English is complete by definition; another language has every key or does not compile.
import { settings, type Language } from '../settings';
import { de } from './de';
import { en } from './en';

export type Key = keyof typeof en;
/** A text with {places}, or one for each plural form of {count}. */
export type Message = string | { one: string; other: string };
export type Catalogue = Record<Key, Message>;

export const catalogues: Record<Language, Catalogue> = { en, de };

export type Values = Record<string, string | number>;

export function translate(language: Language, key: Key, values: Values = {}): string {
  const message = catalogues[language][key];
  const count = Number(values.count ?? 0);
  const text = typeof message === 'string' ? message
    : new Intl.PluralRules(language).select(count) === 'one' ? message.one : message.other;
  return text.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name];
    if (value === undefined) return place;
    return typeof value === 'number' ? value.toLocaleString(language) : value;
  });
}

export function t(key: Key, values?: Values): string {
  return translate(settings.get().language, key, values);
}

/** The word for a status, an action and the like, where the catalogue has one. */
export function word(group: 'status' | 'breaker' | 'action' | 'health', name: string): string {
  const key = `${group}.${name}`;
  return key in en ? t(key as Key) : name;
}
