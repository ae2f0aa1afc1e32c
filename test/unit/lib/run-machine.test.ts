import { beforeAll, describe, expect, it } from 'vitest';
import type { LegOutput } from '../../../core/contract/stack.ts';
import { SupersededError } from '../../../core/errors.ts';
import { type Machine, type State, walk } from './asl.ts';
import { only, type Resource, resolved, synth } from './synth.ts';

const RUN = '20261123-043000-spike-7f3a';
const done: LegOutput = { run: RUN, done: true, passed: false, exitCode: 99 };
const notDone: LegOutput = { run: RUN, done: false, passed: null, exitCode: null };

const thrown = (name: string): Error => Object.assign(new Error(name), { name });

describe('the state machine', () => {
  let machine: Machine;
  let properties: Record<string, unknown>;
  let leg: State;

  beforeAll(() => {
    properties = only(synth().fleet, 'AWS::StepFunctions::StateMachine');
    machine = JSON.parse(resolved(properties.DefinitionString) as string) as Machine;
    leg = machine.States.Leg as State;
  });

  /** Runs the machine with a coordinator that returns or throws these in turn, the last one repeatedly. */
  const run = (...answers: (LegOutput | Error)[]) =>
    walk(machine, { run: RUN, more: 'of no interest' }, (_, call) => {
      const answer = answers[Math.min(call, answers.length) - 1];
      if (answer instanceof Error) throw answer;
      return { ...answer, garbage: 'x'.repeat(100) };
    });

  it('ends with the first leg that is done, whatever the verdict', () => {
    expect(run(done)).toMatchObject({ status: 'SUCCEEDED', path: ['Leg', 'Done?', 'Done'], output: done });
  });

  it('loops over legs, and passes only the id of the run to each', () => {
    const { status, path, inputs } = run(notDone, notDone, done);
    expect(status).toBe('SUCCEEDED');
    expect(path).toEqual(['Leg', 'Done?', 'Leg', 'Done?', 'Leg', 'Done?', 'Done']);
    expect(inputs).toEqual([{ run: RUN }, { run: RUN }, { run: RUN }]);
  });

  it('retries a superseded leg: the rival may be a leg that seemed to have crashed', () => {
    expect(run(new SupersededError(RUN), done)).toMatchObject({ status: 'SUCCEEDED', output: done, waits: [1] });
  });

  it('ends without an error if another execution keeps the run', () => {
    const { status, path, waits } = run(new SupersededError(RUN));
    expect({ status, path, waits }).toEqual({ status: 'SUCCEEDED', path: ['Leg', 'Superseded'], waits: [1, 2, 4] });
  });

  it.each([
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ])('bears three minutes of %s', (name) => {
    const { status, waits } = run(thrown(name));
    expect(status).toBe('FAILED');
    expect(waits.reduce((sum, wait) => sum + wait)).toBe(175);
    expect(run(...Array<Error>(20).fill(thrown(name)), done).status).toBe('SUCCEEDED');
  });

  it.each(['States.Timeout', 'Sandbox.Timedout', 'Lambda.Unknown', 'Runtime.ExitError'])(
    'starts a new leg after %s, at most three times',
    (name) => {
      expect(run(thrown(name), done).status).toBe('SUCCEEDED');
      expect(run(thrown(name))).toMatchObject({ status: 'FAILED', error: name, waits: [1, 1, 1] });
    },
  );

  it('retries any other error within the lease of the workers, then fails with its name', () => {
    const { status, error, waits } = run(thrown('TypeError'));
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'TypeError' });
    const [leaseSeconds, renewSeconds, startSeconds] = [60, 10, 2];
    const outage = waits.reduce((sum, wait) => sum + wait + startSeconds, 0);
    expect(outage).toBeLessThan(leaseSeconds - renewSeconds);
  });

  it('counts the retries of each leg separately', () => {
    const bad = [1, 2, 3, 4, 5].map(() => thrown('ThrottlingException'));
    expect(run(...bad, notDone, ...bad, done).status).toBe('SUCCEEDED');
  });

  it('fails at once for a run without a plan', () => {
    expect(run(thrown('PlanMissingError'))).toMatchObject({ status: 'FAILED', error: 'PlanMissingError', waits: [] });
  });

  it('times out a state after its Lambda, and an execution never', () => {
    const { Resources } = synth().fleet.toJSON() as { Resources: Record<string, Resource> };
    const coordinator = Object.values(Resources).find(({ Properties }) => Properties?.MemorySize === 1769);
    expect(coordinator?.Properties.Timeout).toBe(900);
    expect(leg.TimeoutSeconds).toBeGreaterThan(900);
    expect(machine.TimeoutSeconds).toBeUndefined();
    expect(properties.StateMachineType ?? 'STANDARD').toBe('STANDARD');
  });

  it('has no state that the walks above do not reach, and the last retrier matches every error', () => {
    expect(Object.keys(machine.States).sort()).toEqual(['Done', 'Done?', 'Leg', 'Superseded']);
    expect(leg.Retry?.at(-1)?.ErrorEquals).toEqual(['States.ALL']);
  });

  it('logs its events, without the data', () => {
    expect(properties.LoggingConfiguration).toMatchObject({ Level: 'ALL', IncludeExecutionData: false });
  });
});
