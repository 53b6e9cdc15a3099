// Walks all pages of a list and makes one text of them.
import { call } from './api';
import { formatJson } from './exact_json';
import type { Page } from './types';
import { writeQuery, type Query } from './url_state';

export const FORMATS = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const;
export type Format = keyof typeof FORMATS;

const PAGE = 200;
export const MAX_ROWS = 100_000;

export const COLUMNS = {
  jobs: ['id', 'kind', 'queue', 'status', 'priority', 'attempts', 'maxRetries', 'createdAt', 'scheduledFor',
    'processedAt', 'completedAt', 'failedAt', 'error', 'tags'],
  logs: ['id', 'notificationId', 'jobId', 'channel', 'recipient', 'status', 'provider', 'messageId', 'attempts',
    'subject', 'createdAt', 'sentAt', 'deliveredAt', 'failedAt', 'error', 'tags'],
} as const;

/** One cell (RFC 4180). What a spreadsheet would run as a formula gets an apostrophe before it. */
export function csvCell(value: unknown): string {
  if (value === undefined || value === null) return '';
  let text = typeof value === 'object' && !Array.isArray(value) && value.constructor === Object
    ? formatJson(value) : Array.isArray(value) ? value.join(' ') : String(value);
  if (/^[=+\-@\t\r]/.test(text) && typeof value !== 'number') text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function csvRow(cells: readonly unknown[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function ndjsonRow(row: unknown): string {
  return `${formatJson(row).replace(/\n\s*/g, '')}\n`;
}

export async function exportRows(path: 'jobs' | 'logs', query: Query, format: Format, progress: (rows: number) => void):
  Promise<{ content: string; count: number; complete: boolean }> {
  const columns = COLUMNS[path];
  const parts: string[] = format === 'csv' ? [csvRow(columns)] : [];
  let count = 0;
  let cursor = '';
  do {
    const page: Page & Record<string, unknown> = await call(`${path}${writeQuery({ ...query, limit: String(PAGE), cursor })}`);
    const rows = page[path] as Record<string, unknown>[];
    for (const row of rows) {
      parts.push(format === 'csv' ? csvRow(columns.map((name) => row[name])) : ndjsonRow(row));
    }
    count += rows.length;
    cursor = page.next ?? '';
    progress(count);
  } while (cursor !== '' && count < MAX_ROWS);
  return { content: parts.join(''), count, complete: cursor === '' };
}
