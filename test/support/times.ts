import type { TestTimes } from '../../core/metrics/test-times.ts';

/** A test whose load started at a Unix time and ran for so long, ms. */
export const testOf = (loadMs: number, more: Partial<TestTimes> = {}): TestTimes => {
  const startAtMs = more.startAtMs ?? 0;
  return { setupMs: 0, startAtMs, loadEndMs: startAtMs + loadMs, teardownMs: 0, wasStopped: false, ...more };
};
