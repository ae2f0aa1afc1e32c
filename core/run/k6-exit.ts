import { K6Exit } from '../contract/exit-codes.ts';

/** Exit codes that blame the script or its options, not this one process: every other task would end the same way. */
const SCRIPT_CODES: ReadonlySet<number> = new Set([
  K6Exit.setupTimeout,
  K6Exit.teardownTimeout,
  K6Exit.invalidConfig,
  K6Exit.scriptException,
  K6Exit.scriptAborted,
]);

export const isScriptFault = (exitCode: number | null | undefined): exitCode is number =>
  exitCode !== null && exitCode !== undefined && SCRIPT_CODES.has(exitCode);

/** k6 completed its work, even if exec.test.fail() marked the test as failed. */
export const isComplete = (exitCode: number | null | undefined): boolean =>
  exitCode === K6Exit.ok || exitCode === K6Exit.markedAsFailed;

/** k6 exited because it was asked to stop. */
export const isStopped = (exitCode: number | null | undefined): boolean =>
  exitCode === K6Exit.stoppedByRest || exitCode === K6Exit.externalAbort;
