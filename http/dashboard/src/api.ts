// Calls of the API. Every failure is an ApiError with words for a person.
import { apiUrl } from './base';
import { parseExact } from './exact_json';
import { createStore } from './store';

export interface FieldError {
  pointer: string;
  detail: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly code: string,
    readonly fields: FieldError[] = [],
    readonly requestId = '',
  ) {
    super(detail);
  }
  /** The server does not have this route. */
  get missing(): boolean {
    return this.status === 404 && this.code === 'not_found' && this.message === NO_ROUTE;
  }
}

const NO_ROUTE = 'there is nothing at this path';
const TIMEOUT_MS = 20_000;

export type Connection = 'ok' | 'offline' | 'signed-out';
/** What the last call met. */
export const connection = createStore<Connection>('ok');

interface CallOptions {
  method?: 'GET' | 'POST' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal;
  accept?: string;
}

async function send(path: string, { method = 'GET', body, signal, accept = 'application/json' }: CallOptions) {
  const headers: Record<string, string> = { accept, 'x-requested-with': 'townkrier' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(apiUrl(path), {
      method, headers, credentials: 'same-origin', cache: 'no-store',
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    connection.set('offline');
    throw new ApiError(0, 'the server cannot be reached', 'offline');
  }
}

function problemOf(status: number, text: string, requestId: string): ApiError {
  try {
    const { detail, code, errors } = JSON.parse(text) as { detail?: string; code?: string; errors?: FieldError[] };
    return new ApiError(status, detail ?? `the server answered ${status}`, code ?? '', errors ?? [], requestId);
  } catch {
    // A proxy's own page.
    return new ApiError(status, `the server answered ${status}`, '', [], requestId);
  }
}

/** An answer that is not an error, and its text. */
async function receive(path: string, options: CallOptions): Promise<{ text: string; headers: Headers }> {
  const answer = await send(path, options);
  const text = await answer.text();
  if (answer.status === 401 && !path.startsWith('session')) connection.set('signed-out');
  else if (answer.status === 502 || answer.status === 504) connection.set('offline');
  else if (answer.status !== 401) connection.set('ok');
  if (!answer.ok) throw problemOf(answer.status, text, answer.headers.get('x-request-id') ?? '');
  return { text, headers: answer.headers };
}

export async function callText(path: string, options: CallOptions = {}): Promise<string> {
  return (await receive(path, options)).text;
}

/** One page of a list as a file, and the cursor of the next. */
export async function callFile(path: string, accept: string): Promise<{ text: string; next: string }> {
  const { text, headers } = await receive(path, { accept });
  return { text, next: headers.get('x-next-cursor') ?? '' };
}

export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const text = await callText(path, options);
  if (text === '') return undefined as T;
  try {
    return parseExact(text) as T;
  } catch {
    throw new ApiError(502, 'the answer is not JSON', 'bad_answer');
  }
}

export function post<T>(path: string, body?: unknown): Promise<T> {
  return call<T>(path, { method: 'POST', body });
}

export function segment(text: string): string {
  return encodeURIComponent(text);
}
