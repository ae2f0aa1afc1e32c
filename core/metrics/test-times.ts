/** How long each part of a test took, as far as it is judged: up to its end, or up to the frontier. */
export interface TestTimes {
  /** setup(), ms. */
  setupMs: number;
  /** When the load started, Unix ms by the store's clock; null: it has not. */
  startAtMs: number | null;
  /** When the load ended, Unix ms by the store's clock: the last k6 has exited, or the judged samples end. */
  loadEndMs: number;
  /** teardown(), ms. */
  teardownMs: number;
  /** The test was ended early: k6 then samples no VUs any more. */
  wasStopped: boolean;
}

const loadMs = ({ startAtMs, loadEndMs }: TestTimes): number =>
  startAtMs === null ? 0 : Math.max(0, loadEndMs - startAtMs);

/**
 * How long the test has run, ms: k6's T. Rates of counters are per this time, and `delayAbortEval` is compared with it.
 */
export const testDuration = (times: TestTimes): number => times.setupMs + loadMs(times) + times.teardownMs;

/** Which of k6's samples of its VUs, one at each whole second of T, lie in which part of the test. */
export interface VuSamples {
  inSetup: number;
  inTeardown: number;
  /** The cells that hold the first and the last sample under load, Unix seconds; null: there is none. */
  load: { first: number; last: number } | null;
}

const SECOND_MS = 1000;

/**
 * k6 samples its VUs at each whole second of T and not at the end. A sample counts as the value of the cell in which it
 * lies. The cell in which the load starts has values of before the start, and counts only if there is no later one.
 * @param cellSeconds the width of a cell, s
 */
export function vuSamples(times: TestTimes, cellSeconds: number): VuSamples {
  const { setupMs, startAtMs, loadEndMs, teardownMs, wasStopped } = times;
  const seconds = (ms: number) => Math.floor(ms / SECOND_MS);
  const inSetup = seconds(setupMs);
  const untilTeardown = seconds(setupMs + loadMs(times));
  const inTeardown = wasStopped ? 0 : seconds(setupMs + loadMs(times) + teardownMs) - untilTeardown;
  const count = untilTeardown - inSetup;
  if (startAtMs === null || count <= 0) return { inSetup, inTeardown, load: null };
  const cellOf = (ms: number) => Math.floor(ms / SECOND_MS / cellSeconds) * cellSeconds;
  const startCell = cellOf(startAtMs);
  const atLast = cellOf(startAtMs - setupMs + untilTeardown * SECOND_MS);
  // Under load a cell that ends with the judged samples has nothing of the moment of its end.
  const endCell = cellOf(loadEndMs - 1);
  const last = Math.min(endCell, atLast > startCell ? atLast : endCell);
  return { inSetup, inTeardown, load: { first: Math.min(startCell + cellSeconds, last), last } };
}
