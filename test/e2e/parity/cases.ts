import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { K6Exit } from '../../../core/contract/exit-codes.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'scripts');

/** What is expected of a script, where it is not what most do. */
export interface Expectation {
  /** What both must exit with. Default: 0. It guards against a script that tests nothing because both refuse it. */
  code?: number;
  /** By how much counts may differ, because iterations end by the clock. Default: 0. */
  tolerance?: number;
  /** `vus` and `vus_max` are compared too; by how much the value, minimum and maximum of `vus` may differ. */
  vus?: number;
  /** What both must say, k6 on stderr, k6-fleet on stderr or in its result. */
  says?: string;
  /** Variables for the script, by `-e`. */
  env?: Record<string, string>;
  /** k6's stdout is all the script's own; k6-fleet prints it too, before its verdict. */
  ownStdout?: boolean;
  /** The console lines that plain k6 prints are in the logs of the tasks, each as often. */
  console?: boolean;
  /** Default: all. `nothing`: plain k6 cannot run it, and the script's own thresholds say whether it went well. */
  compare?: 'exit code' | 'nothing';
}

const {
  thresholdsFailed,
  setupTimeout,
  teardownTimeout,
  invalidConfig,
  scriptException,
  scriptAborted,
  markedAsFailed,
} = K6Exit;
/** k6's code for an error that it has none for. */
const GENERIC_ERROR = 255;

const refused = (says: string, code: number = invalidConfig): Expectation => ({ code, says });

export const expectations: Record<string, Expectation> = {
  // By the clock: k6 may begin one iteration more or less in each task, and so may a single k6 from run to run.
  'constant-vus.js': { tolerance: 4 },
  'duration.js': { tolerance: 3 },
  'stages.js': { tolerance: 6 },
  'ramping-vus.js': { tolerance: 3 },
  'constant-arrival-rate.js': { tolerance: 3 },
  'ramping-arrival-rate.js': { tolerance: 3 },
  'dropped-iterations.js': { tolerance: 3 },
  // The first VU to abort may or may not be ahead of the other two.
  'abort-in-iteration.js': { code: scriptAborted, says: 'test aborted: enough', tolerance: 2 },
  // Thresholds are looked at every two seconds, in which the three VUs get to some 60 iterations.
  'threshold-aborts.js': { code: thresholdsFailed, says: 'were crossed; at least one has abortOnFail', tolerance: 60 },
  'threshold-abort-delayed.js': { code: thresholdsFailed },
  // 30 iterations a second; k6-fleet may abort four seconds after k6: LAG_SECONDS in shapes/tolerance.ts.
  'threshold-aborts-after-delay.js': { code: thresholdsFailed, tolerance: 120 },
  'threshold-aborts-in-setup.js': {
    code: thresholdsFailed,
    says: "thresholds on metrics 'errors' were crossed; at least one has abortOnFail",
  },
  'threshold-aborts-in-teardown.js': {
    code: thresholdsFailed,
    says: 'were crossed; at least one has abortOnFail',
  },
  'counter-abort-healthy.js': { tolerance: 15 },
  // At 1 iteration a second when it is aborted.
  'counter-abort-late.js': { code: thresholdsFailed, tolerance: 15, says: 'at least one has abortOnFail' },
  'rate-abort-healthy.js': { tolerance: 30 },
  'vus-abort-healthy.js': { tolerance: 60, vus: 0 },
  // The ticks of k6 are at other moments of the ramp.
  'vus-ramp-down.js': { tolerance: 30, vus: 3 },
  'vus-tasks-end-apart.js': { tolerance: 50, vus: 0 },
  'vus-late-start.js': { tolerance: 30, vus: 0 },
  'vus-in-setup-and-teardown.js': { tolerance: 30, vus: 0 },
  'unknown-option.js': { says: 'There were unknown fields in the options' },
  'unknown-option-misspelt.js': { says: 'treshholds' },

  'thresholds-fail.js': { code: thresholdsFailed },
  'thresholds-submetrics-fail.js': { code: thresholdsFailed },
  'thresholds-empty-fail.js': { code: thresholdsFailed },
  'thresholds-odd.js': { code: thresholdsFailed },

  'init-throws.js': refused('no way to begin', scriptException),
  'init-throws-in-a-vu.js': refused('no VU can begin', scriptException),
  'setup-throws.js': { code: scriptException, says: 'setup went wrong' },
  'setup-fails.js': { code: scriptException, says: 'setup gives up' },
  'teardown-throws.js': { code: scriptException, says: 'teardown went wrong' },
  'setup-timeout.js': { code: setupTimeout, says: 'setup() execution timed out' },
  'teardown-timeout.js': { code: teardownTimeout, says: 'teardown() execution timed out' },

  'abort-in-init.js': refused('enough', scriptAborted),
  'abort-in-setup.js': { code: scriptAborted, says: 'test aborted: enough' },
  'abort-in-teardown.js': { code: scriptAborted, says: 'test aborted: enough' },
  'fail-in-init.js': { code: scriptException },
  'fail-in-setup.js': { code: markedAsFailed, says: 'test run was marked as failed' },
  'fail-in-iteration.js': { code: markedAsFailed, says: 'test run was marked as failed' },
  'fail-in-teardown.js': { code: markedAsFailed, says: 'test run was marked as failed' },
  'fail-and-thresholds.js': { code: markedAsFailed, says: 'test run was marked as failed' },

  'syntax-error.js': refused('Unexpected token =', scriptException),
  'missing-import.js': refused(`couldn't be found on local disk`, scriptException),
  'missing-file.js': refused('no such file or directory', scriptException),
  'unknown-module.js': refused('unknown modules', scriptException),
  'no-default-function.js': refused('no exported functions in script', GENERIC_ERROR),
  'missing-exec.js': refused(`function 'nowhere' not found in exports`),
  'invalid-option-type.js': refused('invalid syntax'),
  'invalid-scenario.js': refused('scenario all has configuration errors'),
  'invalid-executor.js': refused('whenever'),
  'invalid-shortcuts.js': refused('simultaneously'),
  'invalid-threshold-malformed.js': refused('malformed threshold expression'),
  'invalid-threshold-aggregate.js': refused('unsupported aggregation method p on metric of type rate'),
  'invalid-threshold-metric.js': refused('invalid threshold defined on nowhere'),
  'invalid-threshold-submetric.js': refused('unmatched opening/close curly brace'),
  'invalid-threshold-empty-submetric.js': refused('tag expression is malformed'),
  'invalid-threshold-blank-submetric.js': refused('tag expression is malformed'),
  'invalid-threshold-percentile.js': refused('malformed percentile value'),
  'invalid-threshold-type.js': refused('cannot unmarshal string'),
  'invalid-threshold-delay.js': refused('soon'),

  'handle-summary.js': { code: thresholdsFailed, ownStdout: true },
  'handle-summary-async.js': { code: thresholdsFailed, ownStdout: true },
  'handle-summary-empty.js': { ownStdout: true },
  'handle-summary-throws.js': { says: 'no summary today' },
  // k6 writes no summary at all then.
  'handle-summary-text.js': { says: 'handleSummary() should return a map', compare: 'exit code' },
  'handle-summary-after-abort.js': { code: scriptAborted, ownStdout: true },
  'setup-data-undefined.js': { ownStdout: true },
  'setup-data-null.js': { ownStdout: true },
  'setup-data-object.js': { ownStdout: true },
  'setup-data-false.js': { ownStdout: true },
  'commonjs.js': { ownStdout: true },

  'console.js': { console: true },
  'environment.js': { env: { HOW_MANY: '7', SPACED: 'a b=c' } },
  'npm-package.js': { compare: 'nothing' },
};

/** The scripts of the suite, by file name: every file of the folder is one. */
export const scripts: string[] = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ name }) => name)
  .sort();

export const scriptPath = (name: string): string => join(folder, name);
