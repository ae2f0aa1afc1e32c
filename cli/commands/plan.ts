import { Command } from 'commander';
import { envOption, tasksOption } from '../options.ts';
import { ensureK6 } from '../prepare/k6.ts';
import { prepare } from '../prepare/prepare.ts';
import { planText } from '../render/plan-text.ts';
import { coloursOf, widthOf } from '../terminal.ts';

interface PlanFlags {
  tasks?: number | 'auto';
  env: Record<string, string>;
  json?: boolean;
}

export const planCommand = () =>
  new Command('plan')
    .description('show what a run would do, without running it')
    .argument('<script>', 'a k6 script, JavaScript or TypeScript')
    .addOption(tasksOption())
    .addOption(envOption())
    .option('--json', 'print the plan as JSON')
    .action(async (script: string, { tasks, env, json }: PlanFlags) => {
      const { plan } = await prepare({ script, k6: await ensureK6(), tasks, env, strict: false });
      const text = planText(plan, widthOf(process.stdout), coloursOf(process.stdout));
      process.stdout.write(json === true ? `${JSON.stringify(plan, null, 2)}\n` : text);
    });
