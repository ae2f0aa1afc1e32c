import { Command } from 'commander';
import type { Estimate } from '../../core/aws/cost.ts';
import type { Plan } from '../../core/contract/plan.ts';
import { envOption, stackOption, tasksOption } from '../options.ts';
import { ensureK6 } from '../prepare/k6.ts';
import { localBackend, prepare } from '../prepare/prepare.ts';
import { estimateText, planText } from '../render/plan-text.ts';
import { coloursOf, widthOf } from '../terminal.ts';

interface PlanFlags {
  tasks?: number | 'auto';
  env: Record<string, string>;
  json?: boolean;
  stack?: string;
}

export const planCommand = () =>
  new Command('plan')
    .description('show what a run would do, without running it')
    .argument('<script>', 'a k6 script, JavaScript or TypeScript')
    .addOption(tasksOption())
    .addOption(envOption())
    .addOption(stackOption())
    .option('--json', 'print the plan as JSON')
    .action(async (script: string, { stack, json, ...flags }: PlanFlags) => {
      const { plan, cost } =
        stack === undefined ? await planHere(script, flags) : await planOnStack(script, flags, stack);
      if (json === true) {
        process.stdout.write(`${JSON.stringify(plan, null, 2)}\n`);
        return;
      }
      const [width, colours] = [widthOf(process.stdout), coloursOf(process.stdout)];
      process.stdout.write(planText(plan, { width, colours }));
      if (cost !== null) process.stdout.write(`\n${estimateText(cost, width, colours)}`);
    });

type ScriptFlags = Pick<PlanFlags, 'tasks' | 'env'>;

async function planHere(script: string, flags: ScriptFlags): Promise<{ plan: Plan; cost: null }> {
  const { plan } = await prepare({ ...flags, script, k6: await ensureK6(), backend: localBackend, strict: false });
  return { plan, cost: null };
}

async function planOnStack(script: string, flags: ScriptFlags, stack: string): Promise<{ plan: Plan; cost: Estimate }> {
  const { loadStack } = await import('../stack/stack-info.ts');
  const { stackBackend } = await import('../stack/backend.ts');
  const { assess } = await import('../stack/run.ts');
  const info = await loadStack(stack);
  const { plan } = await prepare({
    ...flags,
    script,
    k6: await ensureK6(),
    backend: stackBackend(info),
    strict: false,
  });
  const { cost, problems } = await assess(plan, info);
  plan.warnings.push(...problems);
  return { plan, cost };
}
