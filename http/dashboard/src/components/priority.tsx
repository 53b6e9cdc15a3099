import { t, type Key } from '../i18n';

const NAMES: Record<number, string> = { 1: 'LOW', 5: 'NORMAL', 10: 'HIGH', 20: 'CRITICAL' };

/** The name of a usual priority, the number of any other. */
export function Priority({ value }: { value: number }) {
  const name = NAMES[value];
  if (!name) return <span class="num">{value}</span>;
  return <span class={`priority p-${name.toLowerCase()}`}>{t(`priority.${name}` as Key)}</span>;
}
