import fc from 'fast-check';
import { expect, it } from 'vitest';
import { quotaProblem, tasksWithinQuota, type VcpuBudget } from '../../../../core/aws/quota.ts';

const budget = (more: Partial<VcpuBudget> = {}): VcpuBudget => ({
  region: 'eu-west-1',
  capacity: 'FARGATE',
  tasks: 200,
  cpu: 1024,
  quota: 256,
  inUse: 84,
  growth: [],
  ...more,
});

it('explains the refusal with the figures and the remedy', () => {
  const growth = [{ service: 'shop', maxTasks: 24, presentTasks: 4, cpu: 2048 }];
  expect(quotaProblem(budget({ growth }))).toBe(
    "200 tasks of 1 vCPU need 200 vCPUs, but only 132 of the account's 256 Fargate On-Demand vCPUs in eu-west-1 are available (84 in use, 40 reserved for the target to scale out (shop to 24 tasks)): use --tasks 132 or fewer, a smaller cpu, or request a quota increase at https://eu-west-1.console.aws.amazon.com/servicequotas/home/services/fargate/quotas/L-3032A538",
  );
  expect(quotaProblem(budget({ capacity: 'FARGATE_SPOT', quota: 6, inUse: 6, tasks: 1, cpu: 256 }))).toBe(
    "1 task of 0.25 vCPU needs 0.25 vCPUs, but only 0 of the account's 6 Fargate Spot vCPUs in eu-west-1 are available (6 in use): use a smaller cpu, or request a quota increase at https://eu-west-1.console.aws.amazon.com/servicequotas/home/services/fargate/quotas/L-36FBB829",
  );
});

it('does not count a target that is above its maximum', () => {
  const growth = [{ service: 'shop', maxTasks: 2, presentTasks: 5, cpu: 4096 }];
  expect(quotaProblem(budget({ tasks: 172, growth }))).toBeNull();
});

it('admits exactly the tasks that fit', () => {
  const any = fc.record({
    cpu: fc.constantFrom(256, 512, 1024, 2048, 4096),
    quota: fc.integer({ min: 0, max: 4000 }),
    inUse: fc.integer({ min: 0, max: 16_000 }).map((quarters) => quarters / 4),
    maxTasks: fc.integer({ min: 0, max: 100 }),
    presentTasks: fc.integer({ min: 0, max: 100 }),
  });
  fc.assert(
    fc.property(any, ({ cpu, quota, inUse, maxTasks, presentTasks }) => {
      const growth = [{ service: 'shop', maxTasks, presentTasks, cpu: 512 }];
      const fit = tasksWithinQuota(budget({ cpu, quota, inUse, growth }));
      expect(quotaProblem(budget({ cpu, quota, inUse, growth, tasks: fit + 1 }))).not.toBeNull();
      if (fit > 0) expect(quotaProblem(budget({ cpu, quota, inUse, growth, tasks: fit }))).toBeNull();
    }),
  );
});
