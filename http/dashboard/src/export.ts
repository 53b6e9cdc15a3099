// A list as one file: the server writes its pages (CSV or NDJSON), here they are put together.
import { callFile } from './api';
import { writeQuery, type Query } from './url_state';

export const FORMATS = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const;
export type Format = keyof typeof FORMATS;

const PAGE = 200;
export const MAX_ROWS = 100_000;

/** Rows of a CSV text; a line break inside quotes does not end one. */
export function countCsvRows(text: string): number {
  let rows = 0;
  let quoted = false;
  for (let at = 0; at < text.length; ++at) {
    const code = text.charCodeAt(at);
    if (code === 34) quoted = !quoted;
    else if (code === 10 && !quoted) rows += 1;
  }
  return rows;
}

export function withoutHeader(text: string): string {
  return text.slice(text.indexOf('\n') + 1);
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}

export async function exportRows(path: 'jobs' | 'logs', query: Query, format: Format, progress: (rows: number) => void):
  Promise<{ parts: string[]; count: number; complete: boolean }> {
  const parts: string[] = [];
  let count = 0;
  let cursor = '';
  do {
    const { text, next } = await callFile(`${path}${writeQuery({ ...query, limit: String(PAGE), cursor })}`, FORMATS[format]);
    const rows = format === 'csv' ? withoutHeader(text) : text;
    parts.push(parts.length === 0 ? text : rows);
    count += format === 'csv' ? countCsvRows(rows) : countLines(rows);
    cursor = next;
    progress(count);
  } while (cursor !== '' && count < MAX_ROWS);
  return { parts, count, complete: cursor === '' };
}
