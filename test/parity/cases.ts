import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { K6Exit } from '../../core/contract/exit-codes.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'scripts');

/** What is expected of a script of `scripts/`, where it is not what most do. */
export interface Expectation {
  /** What both must exit with. Default: 0. It guards against a script that tests nothing because both refuse it. */
  code?: number;
  /** Counts may differ by so many: the executor goes by time. Default: 0. `any`: the end comes at no fixed moment. */
  tolerance?: number | 'any';
  /** What both must say on stderr, or k6-fleet in the reasons of its verdict. */
  says?: string;
  /** Environment of the script, given by `-e`. */
  env?: Record<string, string>;
  /** stdout is all the script's own: k6-fleet prints it too, before its verdict. */
  ownStdout?: boolean;
  /** The console lines that plain k6 prints are in the logs of the tasks, each as often. */
  console?: boolean;
  /** Plain k6 cannot run it: the script's own thresholds and checks say whether it went well. */
  fleetOnly?: boolean;
}

const { thresholdsFailed, setupTimeout, teardownTimeout, invalidConfig, scriptException, scriptAborted, markedAsFailed } =
  K6Exit;
const invalid = (says: string): Expectation => ({ code: invalidConfig, says });

export const expectations: Record<string, Expectation> = {
  'constant-vus.js': { tolerance: 3 },
  'ramping-vus.js': { tolerance: 3 },
  'constant-arrival-rate.js': { tolerance: 3 },
  'ramping-arrival-rate.js': { tolerance: 3 },
  'dropped-iterations.js': { tolerance: 3 },
  'stages.js': { tolerance: 6 },
  'duration.js': { tolerance: 3 },
};

/** The scripts of the suite, by file name: every file of the folder is one. */
export const scripts: string[] = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ name }) => name)
  .sort();

export const scriptPath = (name: string): string => join(folder, name);
