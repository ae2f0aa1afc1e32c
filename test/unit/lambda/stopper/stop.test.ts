import { describe, expect, it } from 'vitest';
import { leg } from '../../../../lambda/coordinator/leg.ts';
import { parseStopCall, type StopCall } from '../../../../lambda/stopper/event.ts';
import { stopRun } from '../../../../lambda/stopper/stop.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { SimulatedStack } from '../world.ts';

const observersOf = () => ({
  observer: { observe: async () => ({ reading: null, events: [], samples: [], alarms: [] }) },
  problems: async () => [],
});
const runLeg = (stack: SimulatedStack, legSeconds: number) =>
  leg({ ...stack.dependencies, run: stack.plan.id, legSeconds, remainingMs: 900_000, observersOf });
const aborted: StopCall['reason'] = { kind: 'requested', message: 'the execution was aborted', exitCode: 105 };
const stop = (stack: SimulatedStack, reason = aborted) =>
  stopRun({ ...stack.dependencies, run: stack.plan.id, reason });

async function uploaded(): Promise<SimulatedStack> {
  const stack = new SimulatedStack(planOf({ tasks: 3, durationMs: 60_000 }));
  await stack.upload();
  return stack;
}

describe('stopRun', () => {
  it('ends a run that no leg drives: a result with what there is, no task left, one notification', async () => {
    const stack = await uploaded();
    await stack.drive(runLeg(stack, 15));
    expect(stack.alive).toBe(3);
    await stack.drive(stop(stack));
    const result = await stack.result();
    expect(result?.verdict).toMatchObject({ passed: false, exitCode: 105 });
    expect(result?.stop).toEqual(aborted);
    expect(result?.metrics.iterations?.values.count).toBeGreaterThan(0);
    expect(stack.alive).toBe(0);
    expect(stack.intervals.at(-1)?.last).toBe(true);
    expect(stack.published).toHaveLength(1);
    await stack.drive(stop(stack));
    expect(await stack.result()).toEqual(result);
    expect(stack.published).toHaveLength(1);
  });

  it('takes a run from a leg that still runs, and its last launches too', async () => {
    const stack = await uploaded();
    const driven = runLeg(stack, 600).catch((error: Error) => error.name);
    const stopped = stack.clock.sleep(500).then(() => stop(stack));
    const [name] = await stack.drive(Promise.all([driven, stopped]));
    expect(name).toBe('SupersededError');
    expect((await stack.result())?.stop).toEqual(aborted);
    expect(stack.alive).toBe(0);
  });

  it('ends a run that never began', async () => {
    const stack = await uploaded();
    await stack.drive(stop(stack, { kind: 'internal', message: 'the execution failed', exitCode: 1 }));
    expect((await stack.result())?.verdict).toMatchObject({ passed: false, exitCode: 1 });
    expect(stack.workers.size).toBe(0);
  });

  it('writes the result and publishes it even if tasks cannot be stopped, and then throws', async () => {
    const stack = await uploaded();
    await stack.drive(runLeg(stack, 15));
    const { dependencies } = stack;
    const refused = async () => {
      throw new Error('ecs:StopTask is denied');
    };
    const fleetOf = () => ({ ...dependencies.fleetOf(), killAll: refused });
    const stopping = stopRun({ ...dependencies, fleetOf, run: stack.plan.id, reason: aborted });
    await expect(stack.drive(stopping)).rejects.toThrow('ecs:StopTask is denied');
    expect((await stack.result())?.stop).toEqual(aborted);
    expect(stack.published).toHaveLength(1);
    expect(stack.intervals.at(-1)?.last).toBe(true);
    await stack.drive(stop(stack));
    expect(stack.published).toHaveLength(1);
  });

  it('leaves a run as it ended', async () => {
    const stack = new SimulatedStack(planOf({ tasks: 2, durationMs: 3000 }));
    await stack.upload();
    await stack.drive(runLeg(stack, 600));
    await stack.drive(stop(stack));
    expect((await stack.result())?.verdict.passed).toBe(true);
    expect(stack.published).toHaveLength(1);
  });

  it('has nothing to do where there is no such run', async () => {
    const stack = new SimulatedStack(planOf());
    await stop(stack);
    expect(stack.lines).toMatchObject([{ level: 'warn', message: 'there is no such run: nothing to stop' }]);
    expect([await stack.result(), stack.published]).toEqual([null, []]);
  });
});

describe('parseStopCall', () => {
  const change = (detail: object) => ({
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    detail: { name: 'by-name', status: 'FAILED', input: '{"run":"by-input"}', ...detail },
  });

  it.each([
    [{ run: 'r' }, 'r', 'requested', 105, 'the stopper was called manually'],
    [change({ status: 'ABORTED' }), 'by-input', 'requested', 105, 'the execution was aborted'],
    [
      change({ status: 'ABORTED', error: null, cause: 'k6-fleet stop' }),
      'by-input',
      'requested',
      105,
      'the execution was aborted: k6-fleet stop',
    ],
    [change({ status: 'TIMED_OUT', input: null }), 'by-name', 'internal', 1, 'the execution timed out'],
    [
      change({ error: 'Lambda.Unknown', cause: '{"errorType":"E","errorMessage":"out of\\nmemory","trace":[]}' }),
      'by-input',
      'internal',
      1,
      'the execution failed: Lambda.Unknown: out of memory',
    ],
    [
      change({ input: 'nonsense', error: 'States.Runtime' }),
      'by-name',
      'internal',
      1,
      'the execution failed: States.Runtime',
    ],
  ])('reads %j', (event, run, kind, exitCode, message) => {
    expect(parseStopCall(event)).toEqual({ run, reason: { kind, exitCode, message } });
  });

  it('keeps a long cause short, and refuses what is neither', () => {
    expect(parseStopCall(change({ cause: 'x'.repeat(9000) })).reason.message.length).toBeLessThan(400);
    expect(() => parseStopCall(change({ status: 'SUCCEEDED' }))).toThrow();
    expect(() => parseStopCall({})).toThrow();
  });
});
