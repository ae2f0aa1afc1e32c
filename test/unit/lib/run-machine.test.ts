import { beforeAll, describe, expect, it } from 'vitest';
import type { LegOutput } from '../../../core/contract/stack.ts';
import { SupersededError } from '../../../core/errors.ts';
import { type Machine, type State, walk } from './asl.ts';
import { only, type Resource, resolved, synth } from './synth.ts';

const RUN = '20261123-043000-spike-7f3a';
const over: LegOutput = { run: RUN, done: true, passed: false, exitCode: 99 };
const goesOn: LegOutput = { run: RUN, done: false, passed: null, exitCode: null };

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

  /** Each call of the coordinator answers or throws as the list says; the last one for all that follow. */
  const run = (...answers: (LegOutput | Error)[]) =>
    walk(machine, { run: RUN, more: 'of no interest' }, (_, call) => {
      const answer = answers[Math.min(call, answers.length) - 1];
      if (answer instanceof Error) throw answer;
      return { ...answer, garbage: 'x'.repeat(100) };
    });

  it('ends with the first leg that is done, whatever the verdict', () => {
    expect(run(over)).toMatchObject({ status: 'SUCCEEDED', path: ['Leg', 'Done?', 'Done'], output: over });
  });

  it('loops over legs, and carries the run and nothing else', () => {
    const { status, path, inputs } = run(goesOn, goesOn, over);
    expect(status).toBe('SUCCEEDED');
    expect(path).toEqual(['Leg', 'Done?', 'Leg', 'Done?', 'Leg', 'Done?', 'Done']);
    expect(inputs).toEqual([{ run: RUN }, { run: RUN }, { run: RUN }]);
  });

  it('tries a superseded leg again: the rival may be one that crashed for us and still runs', () => {
    expect(run(new SupersededError(RUN), over)).toMatchObject({ status: 'SUCCEEDED', output: over, waits: [1] });
  });

  it('leaves the run to a rival that keeps it, without an error', () => {
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
    expect(run(...Array<Error>(20).fill(thrown(name)), over).status).toBe('SUCCEEDED');
  });

  it.each(['States.Timeout', 'Sandbox.Timedout', 'Lambda.Unknown', 'Runtime.ExitError'])(
    'begins a new leg after %s, three times at most',
    (name) => {
      expect(run(thrown(name), over).status).toBe('SUCCEEDED');
      expect(run(thrown(name))).toMatchObject({ status: 'FAILED', error: name, waits: [1, 1, 1] });
    },
  );

  it('tries any other error again within the lease of the workers, then fails with its name', () => {
    const { status, error, waits } = run(thrown('TypeError'));
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'TypeError' });
    const [leaseSeconds, renewSeconds, startSeconds] = [60, 10, 2];
    const outage = waits.reduce((sum, wait) => sum + wait + startSeconds, 0);
    expect(outage).toBeLessThan(leaseSeconds - renewSeconds);
  });

  it('counts retries anew for each leg', () => {
    const bad = [1, 2, 3, 4, 5].map(() => thrown('ThrottlingException'));
    expect(run(...bad, goesOn, ...bad, over).status).toBe('SUCCEEDED');
  });

  it('fails at once for a run that nobody has planned', () => {
    expect(run(thrown('PlanMissingError'))).toMatchObject({ status: 'FAILED', error: 'PlanMissingError', waits: [] });
  });

  it('lets the Lambda end before its state, and has no end of its own', () => {
    const { Resources } = synth().fleet.toJSON() as { Resources: Record<string, Resource> };
    const coordinator = Object.values(Resources).find(({ Properties }) => Properties?.MemorySize === 1769);
    expect(coordinator?.Properties.Timeout).toBe(900);
    expect(leg.TimeoutSeconds).toBeGreaterThan(900);
    expect(machine.TimeoutSeconds).toBeUndefined();
    expect(properties.StateMachineType ?? 'STANDARD').toBe('STANDARD');
  });

  it('has no state that the walks above do not reach, and the last retrier takes all', () => {
    expect(Object.keys(machine.States).sort()).toEqual(['Done', 'Done?', 'Leg', 'Superseded']);
    expect(leg.Retry?.at(-1)?.ErrorEquals).toEqual(['States.ALL']);
  });

  it('logs its events, without the data', () => {
    expect(properties.LoggingConfiguration).toMatchObject({ Level: 'ALL', IncludeExecutionData: false });
  });
});
