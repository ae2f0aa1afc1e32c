import { Command } from 'commander';
import type { Estimate } from '../../core/aws/cost.ts';
import type { Plan } from '../../core/contract/plan.ts';
import { envOption, stackOption, tasksOption } from '../options.ts';
import { type Backend, localBackend, stackBackend } from '../prepare/backend.ts';
import { ensureK6 } from '../prepare/k6.ts';
import { prepare } from '../prepare/prepared-run.ts';
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
    .argument('<script>', 'k6 script, JavaScript or TypeScript')
    .addOption(tasksOption())
    .addOption(envOption())
    .addOption(stackOption())
    .option('--json', 'print the plan as JSON')
    .action(async (script: string, { stack, json, ...flags }: PlanFlags) => {
      const { plan, cost } =
        stack === undefined
          ? { plan: await planOn(localBackend, script, flags), cost: null }
          : await planOnStack(script, flags, stack);
      if (json === true) {
        const { id: _, ...planned } = plan; // no run has that id
        process.stdout.write(`${JSON.stringify(planned, null, 2)}\n`);
        return;
      }
      const [width, colours] = [widthOf(process.stdout), coloursOf(process.stdout)];
      process.stdout.write(planText(plan, { width, colours }));
      if (cost !== null) process.stdout.write(`\n${estimateText(cost, width, colours)}`);
    });

type ScriptFlags = Pick<PlanFlags, 'tasks' | 'env'>;

async function planOn(backend: Backend, script: string, flags: ScriptFlags): Promise<Plan> {
  return (await prepare({ ...flags, script, k6: await ensureK6(), backend, strict: false })).plan;
}

async function planOnStack(script: string, flags: ScriptFlags, stack: string): Promise<{ plan: Plan; cost: Estimate }> {
  const [{ loadStack }, { assess }] = await Promise.all([
    import('../stack/stack-info.ts'),
    import('../stack/preflight.ts'),
  ]);
  const info = await loadStack(stack);
  const { plan, cost, problems } = await assess(await planOn(stackBackend(info), script, flags), info);
  return { plan: { ...plan, warnings: [...plan.warnings, ...problems] }, cost };
}
