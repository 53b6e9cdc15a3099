// The API's shapes are those of its document (api_types.mjs); here is what the page adds to them.
import type { AuditList, Channel, Errors as ApiErrors, JobList, JobStatus, LogStatus } from 'api-types';

export type {
  AuditEntry, Counts as MetricCounts, Delivery, Health, HistoryEntry, Job, JobStatus, Latency,
  Live, LogStatus, NotificationLog, Operation, Progress, Queue as QueueInfo, QueueStats as JobCounts, Series, Session as SessionAnswer,
} from 'api-types';
export type AuditPage = AuditList;
export type ChannelInfo = Channel;
export type ProviderInfo = Channel['providers'][number];
export type Errors = ApiErrors;
export type ErrorGroup = ApiErrors['errors'][number];
export type Page = Pick<JobList, 'total' | 'totalExact' | 'truncated' | 'next' | 'prev'>;

/** In the order of a job's life. */
export const JOB_STATUSES = Object.keys({
  pending: 0, scheduled: 0, processing: 0, retrying: 0, completed: 0, failed: 0, cancelled: 0,
} satisfies Record<JobStatus, 0>) as JobStatus[];

export const LOG_STATUSES = Object.keys({
  scheduled: 0, sending: 0, sent: 0, delivered: 0, failed: 0, retrying: 0, cancelled: 0, bounced: 0, complained: 0, skipped: 0,
} satisfies Record<LogStatus, 0>) as LogStatus[];

export const METRICS = ['enqueued', 'completed', 'failed', 'retried'] as const;
export type Metric = (typeof METRICS)[number];
