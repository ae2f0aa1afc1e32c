/** Watching a run that somebody else conducts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetExit } from '../core/contract/exit-codes.ts';
import type { Result } from '../core/contract/result.ts';
import { UserError } from '../core/errors.ts';
import { Live } from './live.ts';
import type { StoredRun } from './runs.ts';
import { askAtInterrupt } from './signals.ts';
import { executionStatus } from './stack/execution.ts';
import { coloursOf } from './terminal.ts';

/** As often as the coordinator tells something new. */
const POLL_MS = 1000;
/** How often the execution is asked after while there is no result. */
const CHECK_MS = 10_000;
/** How long the stopper of a machine that ended badly may take to write the result, ms. */
const STOPPER_MS = 300_000;

/**
 * Shows a run until its result is there. Ctrl-C asks whether to stop it or to leave it to itself.
 * @throws UserError where it ended without a result
 */
export async function follow(run: StoredRun, { quiet }: { quiet: boolean }): Promise<Result | 'detached'> {
  const live = quiet ? null : new Live(process.stderr, coloursOf(process.stderr));
  const interrupt = askAtInterrupt({
    before: () => live?.clear(),
    stop: () => run.askToStop('test run was aborted by Ctrl-C in k6-fleet'),
  });
  const execution = new ExecutionPoller(run);
  try {
    while (!interrupt.detached) {
      const result = await run.result();
      if (result !== null) return result;
      const progress = await run.progress();
      if (progress !== null && !interrupt.asking) live?.show(progress);
      await execution.check();
      await sleep(POLL_MS, undefined, { signal: interrupt.detach }).catch(() => undefined);
    }
    return 'detached';
  } finally {
    interrupt.release();
    live?.clear();
  }
}

/** Notices an execution that has ended without a result. A run of this machine has none. */
class ExecutionPoller {
  private checkedAt = Date.now();
  private endedAt: number | null = null;

  constructor(private readonly run: StoredRun) {}

  async check(): Promise<void> {
    const { stack } = this.run.runs;
    if (stack === null || Date.now() - this.checkedAt < CHECK_MS) return;
    this.checkedAt = Date.now();
    const status = await executionStatus(stack, this.run.id);
    if (status === 'RUNNING') return;
    this.endedAt ??= Date.now();
    if (Date.now() - this.endedAt < STOPPER_MS) return;
    throw new UserError(
      `run ${this.run.id} ended without a result: its execution in Step Functions is ${status ?? 'gone'}; see the log of the stack's stopper`,
      FleetExit.internal,
    );
  }
}
