import { ensureK6 } from './prepare/k6.ts';
import { type Backend, type Prepared, prepare } from './prepare/prepare.ts';
import { planText } from './render/plan-text.ts';
import type { SummaryMode } from './render/summary-text.ts';
import { coloursOf, widthOf } from './terminal.ts';

/** What the command line says of a run. */
export interface RunFlags {
  tasks?: number | 'auto';
  env: Record<string, string>;
  json?: string;
  summary?: string;
  maxLost?: number;
  name?: string;
  observe?: string;
  /** ms. */
  readyTimeout?: number;
  quiet?: boolean;
  summaryMode: SummaryMode;
  store: string;
  stack?: string;
  detach?: boolean;
  /** US dollars. */
  maxCost?: number;
  alongside?: boolean;
}

/** Reads the script as the command line wants it run in a place. @throws UserError */
export async function prepareRun(
  script: string,
  flags: RunFlags,
  backend: Backend,
): Promise<{ k6: string; prepared: Prepared }> {
  const k6 = await ensureK6();
  const prepared = await prepare({
    script,
    k6,
    backend,
    tasks: flags.tasks,
    name: flags.name,
    maxLost: flags.maxLost,
    observe: flags.observe,
    timing: flags.readyTimeout === undefined ? {} : { readyTimeoutMs: flags.readyTimeout },
    env: flags.env,
    strict: true,
  });
  return { k6, prepared };
}

export function showPlan({ plan }: Prepared, { quiet }: RunFlags): void {
  if (quiet === true) return;
  const options = { width: widthOf(process.stderr), colours: coloursOf(process.stderr), withId: true };
  process.stderr.write(`${planText(plan, options)}\n`);
}
