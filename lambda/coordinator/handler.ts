import { LegInput, type LegOutput } from '../../core/contract/stack.ts';
import { dependencies } from '../dependencies.ts';
import { leg } from './leg.ts';
import { runObservers } from './run-observers.ts';

/** Created once per Lambda instance: connections outlive a leg. */
let shared: ReturnType<typeof dependencies> | undefined;

/** One leg of a run. The state machine matches errors by their names. */
export async function handler(event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<LegOutput> {
  const { run } = LegInput.parse(event);
  shared ??= dependencies();
  const { info, ...rest } = shared;
  return leg({
    ...rest,
    run,
    legSeconds: info.legSeconds,
    remainingMs: context.getRemainingTimeInMillis(),
    observersOf: (plan) => runObservers(plan, info),
  });
}
