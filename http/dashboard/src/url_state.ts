// What a page shows is in its URL: filters as query parameters, nothing else. Pure.

export type Query = Readonly<Record<string, string>>;

/** Values are trimmed; empty ones are as if absent; of repeated names the first counts. */
export function readQuery(search: string): Query {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    const trimmed = value.trim();
    if (trimmed !== '' && !(name in query)) query[name] = trimmed;
  }
  return query;
}

export function writeQuery(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== '') parameters.set(name, value);
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** Changes some values; a changed filter starts again at the first page. */
export function changeQuery(query: Query, changes: Query): Query {
  const next: Record<string, string> = { ...query };
  if (!('cursor' in changes)) delete next.cursor;
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') delete next[name];
    else next[name] = value;
  }
  return next;
}

/** Only the parameters in `names`, in that order. */
export function pick(query: Query, names: readonly string[]): Query {
  const picked: Record<string, string> = {};
  for (const name of names) if (query[name]) picked[name] = query[name];
  return picked;
}

/** How many filters are set, apart from `ignored`. */
export function countFilters(query: Query, ignored: readonly string[]): number {
  return Object.keys(query).filter((name) => !ignored.includes(name)).length;
}

/** Where to go after signing in: a page of ours, whatever the URL says. */
export function nextPlace(next: string | undefined, base: string): { path: string; query: Query } {
  const home = { path: '/', query: {} };
  if (!next || !next.startsWith('/') || next.startsWith('//') || next.includes('\\')) return home;
  const [path = '', search = ''] = next.split('?', 2);
  if (path !== base && !path.startsWith(`${base}/`)) return home;
  const inside = path.slice(base.length) || '/';
  return inside.startsWith('/sign-in') ? home : { path: inside, query: readQuery(search) };
}
