// Filters of a list. Each is a query parameter; a change is a new URL.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n';
import { fromInputTime, toInputTime } from '../format';
import { go, place } from '../router';
import { settings } from '../settings';
import { useStore } from '../store';
import { changeQuery, countFilters, type Query } from '../url_state';

export function setFilters(changes: Query, how: 'push' | 'replace' = 'push'): void {
  const { path, query } = place.get();
  go(path, changeQuery(query, changes), how);
}

/** A text that becomes a filter on Enter or when left. */
export function TextFilter({ name, label, placeholder, list }:
  { name: string; label: string; placeholder?: string; list?: readonly string[] }) {
  const { query } = useStore(place);
  const current = query[name] ?? '';
  const [text, setText] = useState(current);
  useEffect(() => setText(current), [current]);
  const apply = () => {
    if (text.trim() !== current) setFilters({ [name]: text.trim() });
  };
  return (
    <label class="field">
      <span>{label}</span>
      <input type="text" value={text} placeholder={placeholder} maxLength={200} list={list ? `list-${name}` : undefined}
        onInput={(event) => setText(event.currentTarget.value)} onChange={apply}
        onKeyDown={(event) => { if (event.key === 'Enter') apply(); }} />
      {list && <datalist id={`list-${name}`}>{list.map((one) => <option key={one} value={one} />)}</datalist>}
    </label>
  );
}

export function ChoiceFilter({ name, label, options }:
  { name: string; label: string; options: readonly (readonly [string, string])[] }) {
  const { query } = useStore(place);
  const current = query[name] ?? '';
  const known = current === '' || options.some(([value]) => value === current);
  return (
    <label class="field">
      <span>{label}</span>
      <select value={current} onChange={(event) => setFilters({ [name]: event.currentTarget.value })}>
        <option value="">{t('filter.all')}</option>
        {!known && <option value={current}>{current}</option>}
        {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
    </label>
  );
}

export function TimeFilter({ name, label }: { name: string; label: string }) {
  const { query } = useStore(place);
  const { zone } = useStore(settings);
  return (
    <label class="field">
      <span>{label}{zone === 'utc' ? ' (UTC)' : ''}</span>
      <input type="datetime-local" value={toInputTime(query[name] ?? '', zone)}
        onChange={(event) => setFilters({ [name]: fromInputTime(event.currentTarget.value, zone) })} />
    </label>
  );
}

/** On a narrow screen the filters are behind a button that says how many are set. */
export function FilterBar({ children, keep, search }:
  { children: ComponentChildren; keep: readonly string[]; search?: ComponentChildren }) {
  const { path, query } = useStore(place);
  const [open, setOpen] = useState(false);
  const set = countFilters(query, [...keep, 'cursor']);
  const clear = () => go(path, Object.fromEntries(Object.entries(query).filter(([name]) => keep.includes(name))));
  return (
    <div class="filters">
      {search}
      <button type="button" class="filters-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t('filter.title')}{set > 0 && <span class="count">{set}</span>}
      </button>
      <div class={`filter-fields ${open ? 'open' : ''}`}>{children}</div>
      {set > 0 && <button type="button" class="link" onClick={clear}>{t('filter.clear')}</button>}
    </div>
  );
}

/** A column's heading that sorts. `field` "createdAt" is ascending, "-createdAt" descending. */
export function SortHead({ field, children, sort, class: name }:
  { field: string; children: ComponentChildren; sort: string; class?: string }) {
  const own = sort.replace(/^-/, '') === field;
  const down = sort.startsWith('-');
  return (
    <th scope="col" class={name} aria-sort={own ? (down ? 'descending' : 'ascending') : undefined}>
      <button type="button" class="sort" onClick={() => setFilters({ sort: own && down ? field : `-${field}` })}>
        {children}<span aria-hidden="true">{own ? (down ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  );
}
