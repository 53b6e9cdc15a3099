import { ApiError } from './api';
import { apiUrl } from './base';
import type { Health } from './types';

/** A failing server says so with a 503, whose body is the report all the same. */
export async function loadHealth(signal: AbortSignal): Promise<Health> {
  const answer = await fetch(apiUrl('health'), { signal, headers: { accept: 'application/json' } });
  const body = await answer.json() as Health & { detail?: string };
  if (!body.checks) throw new ApiError(answer.status, body.detail ?? `the server answered ${answer.status}`, '');
  return body;
}
