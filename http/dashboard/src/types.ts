// The API's shapes, as docs and server have them. Optional: absent from older servers, or when empty.
import type { Json } from './exact_json';

export const JOB_STATUSES = [
  'pending', 'scheduled', 'processing', 'retrying', 'completed', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const LOG_STATUSES = [
  'scheduled', 'sending', 'sent', 'delivered', 'failed', 'retrying', 'cancelled', 'bounced', 'complained'] as const;
export type LogStatus = (typeof LOG_STATUSES)[number];

export type JobCounts = Record<JobStatus, number>;
export const METRICS = ['enqueued', 'completed', 'failed', 'retried'] as const;
export type Metric = (typeof METRICS)[number];
export type MetricCounts = Record<Metric, number>;

export interface Stats {
  queue: JobCounts;
  notifications: { total: number; sent: number; delivered: number; failed: number; retrying: number;
    byChannel: Record<string, number>; byStatus: Record<string, number> };
  timestamp: string;
}

export interface Live {
  rev: number;
  queue: JobCounts;
  totals?: MetricCounts;
  rates?: MetricCounts;
  changed: string[];
  more: boolean;
  timestamp: string;
}

export interface Delivery {
  status: string;
  attempts: number;
  provider?: string;
  messageId?: string;
  sentAt?: string;
  deliveredAt?: string;
  error?: string;
  nextAttemptAt?: string;
}

export interface HistoryEntry {
  timestamp: string;
  attempt: number;
  status: string;
  message: string;
  error?: string;
  duration?: number;
}

export interface Progress {
  percent?: number;
  value?: number;
  message?: string;
}

export interface Job {
  id: string;
  kind: string;
  queue: string;
  status: JobStatus;
  priority: number;
  attempts: number;
  maxRetries: number;
  scheduledFor?: string;
  createdAt: string;
  updatedAt: string;
  processedAt?: string;
  completedAt?: string;
  failedAt?: string;
  error?: string;
  result?: Json;
  metadata: Record<string, Json>;
  tags: string[];
  notification?: Json;
  recipient?: Json;
  payload?: Json;
  progress?: Progress | number;
  deliveries: Record<string, Delivery>;
  logs: HistoryEntry[];
}

export interface Page {
  total: number;
  totalExact?: boolean;
  truncated?: boolean;
  next?: string;
  prev?: string;
}
export interface JobPage extends Page { jobs: Job[]; count: number }
export interface LogPage extends Page { logs: NotificationLog[] }

export interface NotificationLog {
  id: string;
  notificationId: string;
  jobId?: string;
  channel: string;
  recipient: string;
  status: LogStatus;
  priority?: number;
  scheduledFor?: string;
  sentAt?: string;
  deliveredAt?: string;
  failedAt?: string;
  subject?: string;
  content?: string;
  contentPrivacy: 'public' | 'private' | 'masked';
  attempts: number;
  maxRetries?: number;
  retryLogs: { attempt: number; timestamp: string; status: string; error?: string; duration?: number }[];
  error?: string;
  metadata?: Json;
  tags?: string[];
  createdAt: string;
  updatedAt: string;
  provider?: string;
  messageId?: string;
}

export interface QueueInfo extends JobCounts {
  name: string;
  paused: boolean;
  oldestAge?: number;
  concurrency?: number;
  rate?: number;
}

export interface Latency { count: number; p50: number; p95: number; p99: number }

export interface ProviderInfo {
  name: string;
  breaker: string;
  sent: number;
  failed: number;
  retried?: number;
  inFlight?: number;
  latency?: Latency;
}
export interface ChannelInfo extends Omit<ProviderInfo, 'breaker'> {
  inFlight: number;
  waiting: number;
  concurrency: number;
  providers: ProviderInfo[];
}

export interface Health {
  status: 'ok' | 'degraded' | 'failing';
  timestamp: string;
  version: string;
  checks: Record<string, string>;
}

export interface ErrorGroup {
  kind: string;
  message: string;
  count: number;
  firstAt: string;
  lastAt: string;
  jobId: string;
  channels: string[];
}
export interface Errors { errors: ErrorGroup[]; scanned: number; truncated: boolean }

export interface AuditEntry {
  id: string;
  timestamp: string;
  actor: string;
  role?: string;
  action: string;
  target?: string;
  result: string;
  count?: number;
}
export interface AuditPage { entries: AuditEntry[]; next?: string }

export interface Operation {
  id: string;
  action: string;
  status: string;
  total: number;
  done: number;
  skipped: number;
  failed: number;
}

export interface Series {
  metric: string;
  step: 'minute' | 'hour' | 'day';
  stepMs: number;
  from: string;
  to: string;
  series: { name: string; values: number[] }[];
}
