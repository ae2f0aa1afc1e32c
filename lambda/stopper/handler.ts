import { dependencies } from '../dependencies.ts';
import { parseStopCall } from './event.ts';
import { stopRun } from './stop.ts';

/** Called by the rule for executions that failed; manually with `{ "run": "…" }`. */
export async function handler(event: unknown): Promise<void> {
  await stopRun({ ...dependencies(), ...parseStopCall(event) });
}
