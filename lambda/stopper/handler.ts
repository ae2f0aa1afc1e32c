import { dependencies } from '../dependencies.ts';
import { stopOrderOf } from './event.ts';
import { stopRun } from './stop.ts';

/** Called by the rule for executions that ended badly; by hand with `{ "run": "…" }`. */
export async function handler(event: unknown): Promise<void> {
  await stopRun({ ...dependencies(), ...stopOrderOf(event) });
}
