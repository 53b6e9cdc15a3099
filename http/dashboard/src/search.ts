// One page of a list. A search that the server ends early, to answer at once, is taken up again for a while.
import { call } from './api';
import type { Page } from './types';
import { writeQuery, type Query } from './url_state';

const PATIENCE_MS = 2000;

/** A list that has to be searched for is asked again less often. */
export const SEARCH_EVERY_MS = 15_000;

export interface Rows<Row> {
  rows: Row[];
  page: Page;
}

export type AskPage<Row> = (query: Query, signal: AbortSignal) => Promise<Rows<Row>>;

export async function searchPage<Row>(ask: AskPage<Row>, query: Query, limit: number, signal: AbortSignal,
  now: () => number = Date.now): Promise<Rows<Row>> {
  const end = now() + PATIENCE_MS;
  const first = await ask({ ...query, limit: String(limit) }, signal);
  const rows = [...first.rows];
  let { page } = first;
  while (page.truncated && page.next && rows.length < limit && now() < end) {
    const more = await ask({ ...query, cursor: page.next, limit: String(limit - rows.length) }, signal);
    rows.push(...more.rows);
    page = more.page;
  }
  return { rows, page: { ...page, prev: first.page.prev, total: Math.max(page.total, rows.length) } };
}

/** Asks `path`, whose answer has its rows under that name. */
export function askList<Row>(path: 'jobs' | 'logs'): AskPage<Row> {
  return async (query, signal) => {
    const answer = await call<Page & Record<typeof path, Row[]>>(`${path}${writeQuery(query)}`, { signal });
    return { rows: answer[path], page: answer };
  };
}
