import { z } from 'zod';
import { Phase } from './control.ts';
import { TargetReading } from './result.ts';

/** How often the coordinator writes progress.json, ms. */
export const PROGRESS_INTERVAL_MS = 1000;

const Value = z.number().nullable();

/** progress.json: the state of an active run, for live views. */
export const Progress = z.object({
  id: z.string(),
  name: z.string(),
  phase: Phase,
  /** When it was written, Unix ms. */
  at: z.number(),
  startAt: z.number().nullable(),
  /** Since the start, ms; 0 before. */
  elapsedMs: z.number(),
  /** Planned, ms. */
  durationMs: z.number(),
  tasks: z.object({ planned: z.number(), ready: z.number(), running: z.number(), done: z.number(), lost: z.number() }),
  vus: z.number(),
  maxVUs: z.number(),
  requests: z.number(),
  /** Over the last seconds. */
  requestsPerSecond: z.number(),
  /** Failed requests over requests in the last seconds, 0 to 1. */
  errorRate: z.number(),
  /** http_req_duration over the last seconds, ms. */
  p50: Value,
  p95: Value,
  p99: Value,
  iterations: z.number(),
  checksFailed: z.number(),
  /** Keys of the thresholds that fail now. */
  failing: z.array(z.string()),
  target: TargetReading.nullable(),
  warnings: z.array(z.string()),
});
export type Progress = z.infer<typeof Progress>;
