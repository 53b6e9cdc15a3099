// What a person can do to jobs: which actions a status allows, and the calls.
import { ApiError, call, post, segment } from './api';
import type { Job, JobStatus, Operation } from './types';
import type { Query } from './url_state';

export const JOB_ACTIONS = ['retry', 'run', 'cancel', 'delete'] as const;
export type JobAction = (typeof JOB_ACTIONS)[number];

const ALLOWED: Record<JobAction, readonly JobStatus[]> = {
  retry: ['failed', 'cancelled'],
  run: ['scheduled', 'retrying'],
  cancel: ['pending', 'scheduled', 'retrying', 'processing'],
  delete: ['pending', 'scheduled', 'retrying', 'completed', 'failed', 'cancelled'],
};

export function allows(status: JobStatus, action: JobAction): boolean {
  return ALLOWED[action].includes(status);
}

export function actionsFor(status: JobStatus): JobAction[] {
  return JOB_ACTIONS.filter((action) => allows(status, action));
}

/** What a list of these statuses can be asked for; none given: all. */
export function bulkActionsFor(statuses: readonly JobStatus[]): JobAction[] {
  if (statuses.length === 0) return [...JOB_ACTIONS];
  return JOB_ACTIONS.filter((action) => statuses.some((status) => allows(status, action)));
}

export function act(id: string, action: JobAction): Promise<unknown> {
  const path = `jobs/${segment(id)}`;
  return action === 'delete' ? call(path, { method: 'DELETE' }) : post(`${path}/${action}`);
}

/** Ids, or what a list's filter means: the number the person saw keeps the server from doing more. */
export type Selection = { ids: string[] } | { filter: Query; expect: number };

export function startBulk(action: JobAction, selection: Selection): Promise<Operation> {
  return post<Operation>('jobs/bulk', { action, ...selection });
}

export function countBulk(action: JobAction, filter: Query): Promise<{ matched: number; exact: boolean }> {
  return post('jobs/bulk', { action, filter, dryRun: true });
}

export function getOperation(id: string): Promise<Operation> {
  return call<Operation>(`operations/${segment(id)}`);
}

export function cancelOperation(id: string): Promise<Operation> {
  return call<Operation>(`operations/${segment(id)}`, { method: 'DELETE' });
}

/** What a person calls a job: what it says, or else its kind. */
export function titleOf(job: Job): string {
  const notification = job.notification as Record<string, Record<string, unknown> | null> | undefined;
  if (job.kind !== 'notification' || !notification) return job.kind;
  for (const content of Object.values(notification)) {
    if (content === null || typeof content !== 'object' || Array.isArray(content)) continue;
    for (const field of ['subject', 'title', 'text', 'body', 'message']) {
      const text = content[field];
      if (typeof text === 'string' && text !== '') return text;
    }
  }
  return job.kind;
}

const STRATEGIES = ['each', 'best-effort', 'all-or-nothing'] as const;

/** How the channels of a notification hang together, where it says so. */
export function planOf({ notification }: Job): {
  strategy?: (typeof STRATEGIES)[number];
  fallbacks: { channel: string; insteadOf: string }[];
} {
  const listed = Array.isArray(notification?.fallback) ? notification.fallback as { channel?: unknown; insteadOf?: unknown }[] : [];
  return {
    strategy: STRATEGIES.find((one) => one === notification?.strategy),
    fallbacks: listed.map(({ channel, insteadOf }) => ({ channel: String(channel), insteadOf: String(insteadOf) })),
  };
}

/** When a waiting job is due: its deliveries say when they are tried again. */
export function dueAt(job: Job): string | undefined {
  if (job.status === 'scheduled') return job.scheduledFor;
  if (job.status !== 'retrying') return undefined;
  const times = Object.values(job.deliveries).map((one) => one.nextAttemptAt).filter((at) => at !== undefined);
  return times.sort()[0] ?? job.scheduledFor;
}

export function finishedAt(job: Job): string | undefined {
  return job.completedAt ?? job.failedAt ?? (job.status === 'cancelled' ? job.updatedAt : undefined);
}

export function channelsOf(job: Job): string[] {
  return Object.keys(job.deliveries);
}

export function messageOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof Error) return error.message;
  return String(error);
}
