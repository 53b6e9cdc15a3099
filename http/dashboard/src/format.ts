// Numbers, durations and times as people read them. Pure: language and zone come as arguments.

export type Zone = 'local' | 'utc';

export interface Style {
  language: string;
  zone: Zone;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function formatNumber(value: number, language: string): string {
  return value.toLocaleString(language);
}

/** 1234 → "1,234", 12345 → "12.3K": at most five characters or so. */
export function formatShort(value: number, language: string): string {
  if (Math.abs(value) < 10_000) return formatNumber(value, language);
  return new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** A rate per second: 0.25 → "0.25", 12.345 → "12.3". */
export function formatRate(value: number, language: string): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString(language, { maximumFractionDigits: digits });
}

export function formatPercent(part: number, whole: number, language: string): string {
  if (whole <= 0) return '–';
  const ratio = part / whole;
  // 99.96 % is not "100 %", and one failure of many is not "0 %".
  const digits = ratio > 0 && ratio < 1 && (ratio > 0.99 || ratio < 0.01) ? 2 : 1;
  const shown = ratio < 1 ? Math.min(ratio, 0.9999) : ratio;
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: digits }).format(shown);
}

/** A share of 1 in whole percent; only what is all is 100 %. */
export function formatShare(share: number, language: string): string {
  const percent = share < 1 ? Math.min(Math.round(share * 100), 99) : 100;
  return new Intl.NumberFormat(language, { style: 'percent' }).format(percent / 100);
}

/** 0.4 → "<1 ms", 340 → "340 ms", 1500 → "1.5 s", 83_000 → "1 m 23 s", 100_000_000 → "1 d 3 h". */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (ms < 0) return `−${formatDuration(-ms)}`;
  if (ms < 1) return ms > 0 ? '<1 ms' : '0 ms';
  if (ms < SECOND) return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
  if (ms < 9950) return `${(Math.round(ms / 100) / 10).toString()} s`;
  const whole = Math.round(ms / SECOND) * SECOND;
  if (whole < MINUTE) return `${whole / SECOND} s`;
  const [size, unit, next, nextUnit] = whole < HOUR ? [MINUTE, 'm', SECOND, 's'] as const
    : whole < DAY ? [HOUR, 'h', MINUTE, 'm'] as const : [DAY, 'd', HOUR, 'h'] as const;
  const main = Math.floor(whole / size);
  const rest = Math.floor((whole % size) / next);
  return rest === 0 ? `${main} ${unit}` : `${main} ${unit} ${rest} ${nextUnit}`;
}

/** "3 minutes ago", "in 5 seconds", "just now". */
export function formatRelative(time: number, now: number, language: string): string {
  const delta = time - now;
  const size = Math.abs(delta);
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  if (size < 5 * SECOND) return words.format(0, 'second');
  if (size < MINUTE) return words.format(Math.trunc(delta / SECOND), 'second');
  if (size < HOUR) return words.format(Math.trunc(delta / MINUTE), 'minute');
  if (size < DAY) return words.format(Math.trunc(delta / HOUR), 'hour');
  return words.format(Math.trunc(delta / DAY), 'day');
}

function zoneOf(style: Style): string | undefined {
  return style.zone === 'utc' ? 'UTC' : undefined;
}

/** "24 Nov 2026, 13:05:09 UTC", with milliseconds on demand. */
export function formatAbsolute(time: number, style: Style, milliseconds = false): string {
  return new Intl.DateTimeFormat(style.language, {
    day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
    hourCycle: 'h23', timeZoneName: 'short', timeZone: zoneOf(style),
    ...(milliseconds ? { fractionalSecondDigits: 3 as const } : {}),
  }).format(time);
}

/** The time of day alone: "13:05:09". */
export function formatClock(time: number, style: Style): string {
  return new Intl.DateTimeFormat(style.language, {
    hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone: zoneOf(style),
  }).format(time);
}

/** What a bucket of `step` ms is called on an axis. */
export function formatBucket(time: number, step: number, style: Style): string {
  const options: Intl.DateTimeFormatOptions = step >= DAY
    ? { day: 'numeric', month: 'short' }
    : { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  return new Intl.DateTimeFormat(style.language, { ...options, timeZone: zoneOf(style) }).format(time);
}

/** The day of a time in the zone, "2026-11-24". */
export function dayOf(time: number, zone: Zone): string {
  const at = new Date(time);
  const day = zone === 'utc' ? [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
    : [at.getFullYear(), at.getMonth(), at.getDate()];
  return [day[0], day[1]! + 1, day[2]].map((part) => String(part).padStart(2, '0')).join('-');
}

/** A UUID by its end: the beginning of UUIDv7 is a time, alike for all of one second. */
export function shortId(id: string): string {
  return id.length > 12 ? `…${id.slice(-8)}` : id;
}

/** "dd.mm.yyyy hh:mm" of an `<input type="datetime-local">` ↔ ISO in the chosen zone. */
export function toInputTime(iso: string, zone: Zone): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  const shifted = zone === 'utc' ? time : new Date(time.getTime() - time.getTimezoneOffset() * MINUTE);
  return shifted.toISOString().slice(0, 16);
}

export function fromInputTime(text: string, zone: Zone): string {
  if (text === '') return '';
  const time = new Date(zone === 'utc' ? `${text}Z` : text);
  return Number.isNaN(time.getTime()) ? '' : time.toISOString();
}
