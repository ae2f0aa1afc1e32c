import { test } from 'vitest';
import { planOf } from './sim/plan.ts';
import { play } from './sim/world.ts';
import { expectSound } from './sim/invariants.ts';
test('B', async () => {
  const plan = planOf({ tasks: 1, durationMs: 1000, maxLost: 1, exports: { setup: true, teardown: true } });
  const p = await play({ plan, seed: 533889234, latencyMs: 0, stopMs: null, faults: [{"task":0,"kind":"kill-k6","when":{"write":6,"moment":"before"}}],
   conductors: [{"startMs":0,"crashes":[{"call":33,"after":false,"restMs":0},{"call":33,"after":false,"restMs":30000}]}] });
  console.log(JSON.stringify(p.told.map(t => [t.leg, t.at - p.told[0].at, t.control.phase, t.control.attempts, t.control.job])), p.jobs, p.launches, p.stored.verdict, p.stored.warnings, p.stored.tasks, p.armed, p.windows);
  expectSound(p);
});
