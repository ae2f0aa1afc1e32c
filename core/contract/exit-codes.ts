/** k6's own exit codes, as `go.k6.io/k6/v2/errext/exitcodes` lists them for v2.2.0. */
export const K6Exit = {
  ok: 0,
  thresholdsFailed: 99,
  setupTimeout: 100,
  teardownTimeout: 101,
  stoppedByRest: 103,
  invalidConfig: 104,
  externalAbort: 105,
  cannotStartRest: 106,
  scriptException: 107,
  scriptAborted: 108,
  goPanic: 109,
  markedAsFailed: 110,
} as const;

/** Exit codes of k6-fleet alone; k6 uses none of them. */
export const FleetExit = {
  /** An error of k6-fleet or of the machine: a full disk, an unwritable folder, a bug. */
  internal: 1,
  /** The target's scaling did not meet its expectations. */
  targetFailed: 120,
  /** More tasks were lost than `--max-lost` allows. */
  tasksLost: 121,
  /** The run could not start: a task never became ready, or was lost repeatedly before the start. */
  notStarted: 122,
  /** Another coordinator has taken over this run. */
  superseded: 123,
} as const;
