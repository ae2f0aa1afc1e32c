/** What expectations are judged by, and the words that they share. */
import type { TargetPlan } from '../contract/plan.ts';
import type { TargetMoments, TargetReading, TargetResult, TargetSample } from '../contract/result.ts';
import { formatDuration } from '../duration.ts';
import type { Recovery, Rise } from './moments.ts';
import type { Scaling } from './scaling.ts';

export interface Facts {
  plan: TargetPlan;
  /** Readings in order of time. */
  timeline: readonly TargetReading[];
  samples: readonly TargetSample[];
  moments: TargetMoments;
  timings: TargetResult['timings'];
  /** Null: the load never rose. */
  load: Rise | null;
  /** Null: the load never rose. */
  scaling: Scaling | null;
  /** Null: the load never rose, or no recovery is expected. */
  recovery: Recovery | null;
  /** The reading with the most running tasks, of those that were desired, since the load began; null: no readings. */
  peak: TargetReading | null;
  /** 0 to 1. */
  errorRate: number;
  /** Unix ms. */
  watchedUntilMs: number;
}

export const NO_LOAD = 'the load never rose: no VUs and no requests were measured';

export function noReadings({ observe }: TargetPlan): string {
  return observe === null
    ? "nothing observed the target: set observe in the script's options.ext.fleet.target"
    : `the target's state could never be read from ${observe}`;
}

/** `12:01:10` in UTC, of Unix ms. */
export const formatTime = (at: number): string => new Date(at).toISOString().slice(11, 19);

/** To a tenth of a second: readings are no finer. */
export const formatSpan = (ms: number): string => formatDuration(Math.round(Math.abs(ms) / 100) * 100);

export const formatRelative = (ms: number): string => `${formatSpan(ms)} ${ms < 0 ? 'before' : 'after'} the load rose`;
