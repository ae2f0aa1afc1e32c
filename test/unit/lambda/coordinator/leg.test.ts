import { describe, expect, it } from 'vitest';
import { encodeJson } from '../../../../core/contract/codec.ts';
import { runKeys } from '../../../../core/contract/keys.ts';
import { UserError } from '../../../../core/errors.ts';
import { leg, legMs } from '../../../../lambda/coordinator/leg.ts';
import type { RunObservers } from '../../../../lambda/coordinator/run-observers.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { sampleResult } from '../../cli/render/samples.ts';
import { SimulatedStack } from '../world.ts';

const nothing = { reading: null, events: [], samples: [], alarms: [] };
const noObservers = (problems: string[] = []): RunObservers => ({
  observer: { observe: async () => nothing },
  problems: async () => problems,
});

/** One leg after the other, as the state machine calls them, until the run is done. */
async function legs(stack: SimulatedStack, options: Partial<Parameters<typeof leg>[0]> = {}) {
  const outputs = [];
  do outputs.push(await leg(legOptions(stack, options)));
  while (!outputs.at(-1)?.done);
  return outputs;
}

const legOptions = (
  stack: SimulatedStack,
  options: Partial<Parameters<typeof leg>[0]> = {},
): Parameters<typeof leg>[0] => ({
  ...stack.dependencies,
  run: stack.plan.id,
  legSeconds: 4,
  remainingMs: 900_000,
  observersOf: () => noObservers(),
  ...options,
});

describe('leg', () => {
  it('brings a run to its end over several legs, and publishes the verdict once', async () => {
    const stack = new SimulatedStack(planOf({ tasks: 3, durationMs: 12_000 }));
    await stack.upload();
    const outputs = await stack.drive(legs(stack));
    const { id: run } = stack.plan;
    expect(outputs.length).toBeGreaterThan(2);
    expect(outputs[0]).toEqual({ run, done: false, passed: null, exitCode: null });
    expect(outputs.at(-1)).toEqual({ run, done: true, passed: true, exitCode: 0 });
    expect((await stack.result())?.run.legs).toBe(outputs.length);
    expect(stack.published).toHaveLength(1);
    expect(stack.alive).toBe(0);
    expect(stack.intervals.at(-1)).toMatchObject({ last: true, vus: 0 });
    expect(stack.lines).toHaveLength(outputs.length);
    expect(stack.lines[0]).toMatchObject({ run, message: 'leg over', tasks: { planned: 3 } });
    expect(stack.lines.at(-1)).toMatchObject({ message: 'run over', phase: 'finished' });
  });

  it('answers at once where there is a result, and publishes it if no leg has', async () => {
    const stack = new SimulatedStack(planOf());
    await stack.upload();
    await stack.store.put(runKeys(stack.plan.id).result, encodeJson(sampleResult));
    const done = { run: stack.plan.id, done: true, passed: false, exitCode: sampleResult.verdict.exitCode };
    expect(await leg(legOptions(stack))).toEqual(done);
    expect(await leg(legOptions(stack))).toEqual(done);
    expect(stack.published).toHaveLength(1);
    expect(stack.workers.size).toBe(0);
  });

  it('throws an error with a name if the run was never planned', async () => {
    const stack = new SimulatedStack(planOf());
    await expect(leg(legOptions(stack))).rejects.toMatchObject({ name: 'PlanMissingError' });
  });

  it('ends a run whose stop alarm does not exist, with a result that says so, before anything is launched', async () => {
    const stack = new SimulatedStack(planOf());
    await stack.upload();
    const observersOf = () => noObservers(['the stop alarm "typo" does not exist']);
    const output = await stack.drive(leg(legOptions(stack, { observersOf })));
    expect(output).toMatchObject({ done: true, passed: false, exitCode: 104 });
    const { verdict, stop, run } = (await stack.result()) ?? {};
    expect(verdict?.reasons).toEqual(['the stop alarm "typo" does not exist']);
    expect([stop?.kind, run?.startedAt]).toEqual(['not-started', null]);
    expect(stack.workers.size).toBe(0);
    expect(stack.published).toHaveLength(1);
  });

  it('asks for stop alarms only before the run: one that is up later has stopped it', async () => {
    const stack = new SimulatedStack(planOf({ durationMs: 6000 }));
    await stack.upload();
    let asked = 0;
    const problems = async () => (asked++ === 0 ? [] : ['it is up']);
    const outputs = await stack.drive(legs(stack, { observersOf: () => ({ ...noObservers(), problems }) }));
    expect([asked, outputs.at(-1)?.passed]).toEqual([1, true]);
  });

  it('ends a run whose target cannot be observed', async () => {
    const stack = new SimulatedStack(planOf());
    await stack.upload();
    const observersOf = () => {
      throw new UserError('observe is "stack", but there is no target', 104);
    };
    expect(await stack.drive(leg(legOptions(stack, { observersOf })))).toMatchObject({ done: true, exitCode: 104 });
  });

  it('throws an error with a name if another leg has claimed the run', async () => {
    const stack = new SimulatedStack(planOf({ durationMs: 8000 }));
    await stack.upload();
    const first = leg(legOptions(stack, { legSeconds: 600 })).catch((error: Error) => error.name);
    const second = stack.clock.sleep(5000).then(() => legs(stack));
    const [name, outputs] = await stack.drive(Promise.all([first, second]));
    expect(name).toBe('SupersededError');
    expect(outputs.at(-1)).toMatchObject({ done: true, passed: true });
    expect(stack.published).toHaveLength(1);
  });

  it.each([
    [600, 900_000, 600_000],
    [840, 900_000, 840_000],
    [870, 900_000, 840_000],
    [600, 100_000, 50_000],
    [600, 30_000, 15_000],
  ])('takes %d s at most, of %d ms that the Lambda has left: %d ms', (legSeconds, remainingMs, expected) => {
    expect(legMs({ legSeconds, remainingMs })).toBe(expected);
  });
});
