import { K6Exit } from '../contract/exit-codes.ts';

/** Exit codes by which k6 says that the script or the run is at fault, not this one process. */
const SCRIPT_CODES: ReadonlySet<number> = new Set([
  K6Exit.setupTimeout,
  K6Exit.teardownTimeout,
  K6Exit.invalidConfig,
  K6Exit.scriptException,
  K6Exit.scriptAborted,
]);

export const isScriptFault = (exitCode: number | null | undefined): exitCode is number =>
  exitCode !== null && exitCode !== undefined && SCRIPT_CODES.has(exitCode);

/** k6 did all that it was asked to; exec.test.fail() may have marked the test as failed. */
export const isComplete = (exitCode: number | null | undefined): boolean =>
  exitCode === K6Exit.ok || exitCode === K6Exit.markedAsFailed;

/** k6 ended because somebody asked it to. */
export const isStopped = (exitCode: number | null | undefined): boolean =>
  exitCode === K6Exit.stoppedByRest || exitCode === K6Exit.externalAbort;
