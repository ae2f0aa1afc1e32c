/** One tick of a run at a time: what was observed, and what follows. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialTaskStatus, type TaskStatus } from '../../../../../core/contract/task-status.ts';
import { RunMetrics } from '../../../../../core/metrics/run-metrics.ts';
import type { TaskLiveness } from '../../../../../core/ports.ts';
import { advance } from '../../../../../core/run/phases/advance.ts';
import type { TickInput } from '../../../../../core/run/phases/step.ts';
import { initialState, type Run, type RunState } from '../../../../../core/run/state.ts';
import { planOf } from '../../../../support/sim/plan.ts';

const NOW = 1_000_000;
const alive: TaskLiveness = { state: 'alive' };
const gone: TaskLiveness = { state: 'gone', reason: 'killed' };
const plan = planOf({ tasks: 2, exports: { setup: true, teardown: true, handleSummary: true } });

const status = (change: Partial<TaskStatus> = {}): TaskStatus => ({
  ...initialTaskStatus(0, 0, 1),
  phase: 'ready',
  k6Pid: 2,
  ...change,
});

/** A run in some phase, with two launched tasks that report these statuses. */
function stateOf(phase: RunState['phase'], words: (TaskStatus | null)[], change: Partial<RunState> = {}): RunState {
  const state = { ...initialState(plan, NOW - 1000), phase, ...change };
  state.tasks.forEach((task, index) => {
    task.queuedAt = null;
    task.launchedAt = Math.min(NOW - 1000, state.phaseSince - 1);
    task.launches = 1;
    task.status = words[index] ?? null;
  });
  return state;
}

const input = (change: Partial<TickInput> = {}): TickInput => ({
  now: NOW,
  liveness: [alive, alive],
  stopRequest: null,
  abort: null,
  targetAbort: null,
  isTargetObserved: false,
  ...change,
});

const runOf = (state: RunState): Run => ({ plan, state, metrics: new RunMetrics([], { cellSeconds: 1 }) });

const setupJob = { kind: 'setup', task: 0, attempt: 0, nr: 1 } as const;
const started = { startAt: NOW - 500, setup: { exitCode: 0, durationMs: 5, message: null, logTail: [] } };
const ended = (exitCode: number | null, message: string | null = null) => ({
  nr: 1,
  exitCode,
  durationMs: 5,
  message,
  logTail: ['the last line', 'time="…" level=error msg="the error"'],
});
const ready = status();
const running = status({ phase: 'running', startSkewMs: 1 });
const done = (exitCode = 0) => status({ phase: 'done', exitCode, endedAt: NOW - 1 });

interface Case {
  title: string;
  state: RunState;
  input?: Partial<TickInput>;
  phase: RunState['phase'];
  launch?: string[];
  kill?: string[];
  expected?: object;
}

const cases: Case[] = [
  {
    title: 'every task is launched',
    state: initialState(plan, NOW),
    phase: 'launching',
    launch: ['0/0', '1/0'],
  },
  { title: 'not all are ready: wait', state: stateOf('launching', [ready, null]), phase: 'launching' },
  {
    title: 'all are ready: one runs setup',
    state: stateOf('launching', [ready, ready]),
    phase: 'setup',
    expected: { job: setupJob, setupTries: 1 },
  },
  {
    title: 'a task vanishes before the start: it is replaced',
    state: stateOf('launching', [ready, ready]),
    input: { liveness: [alive, gone] },
    phase: 'launching',
    kill: ['1/0'],
    launch: ['1/1'],
  },
  {
    title: 'k6 dies before the start: its task is replaced',
    state: stateOf('launching', [ready, done(-1)]),
    phase: 'launching',
    kill: ['1/0'],
    launch: ['1/1'],
  },
  {
    title: 'the script cannot be started: the run stops with its code',
    state: stateOf('launching', [ready, done(107)]),
    phase: 'stopping',
    expected: { stop: { kind: 'script-error', exitCode: 107 } },
  },
  {
    title: 'a task does not get ready in time',
    state: stateOf('launching', [ready, status({ phase: 'starting', logTail: ['still at it'] })]),
    input: { now: NOW + 60_000 },
    phase: 'stopping',
    expected: {
      stop: { kind: 'not-started', exitCode: 122, message: expect.stringMatching(/task 1 .*30 s.*still at it/) },
    },
  },
  {
    title: 'a task does not load the setup data in time',
    state: stateOf('arming', [status({ phase: 'armed' }), ready]),
    input: { now: NOW + 60_000 },
    phase: 'stopping',
    expected: {
      stop: { kind: 'not-started', exitCode: 122, message: expect.stringContaining('task 1 did not load') },
    },
  },
  {
    title: 'setup is still running',
    state: stateOf('setup', [ready, ready], { job: setupJob, setupTries: 1 }),
    phase: 'setup',
  },
  {
    title: 'setup has ended: every task loads its data',
    state: stateOf('setup', [status({ job: ended(0) }), ready], { job: setupJob }),
    phase: 'arming',
    expected: { setup: { exitCode: 0 } },
  },
  {
    title: 'setup has ended and its task was lost since: it counts all the same',
    state: stateOf('setup', [status({ job: ended(0) }), ready], { job: setupJob }),
    input: { liveness: [gone, alive] },
    phase: 'arming',
    kill: ['0/0'],
    launch: ['0/1'],
    expected: { setup: { exitCode: 0 } },
  },
  {
    title: 'the load k6 of the task that runs setup dies: its worker brings setup to its end',
    state: stateOf('setup', [done(-1), ready], { job: setupJob, setupTries: 1 }),
    phase: 'setup',
  },
  {
    title: 'the task that runs setup is lost: it is replaced first',
    state: stateOf('setup', [ready, ready], { job: setupJob, setupTries: 1 }),
    input: { liveness: [gone, alive] },
    phase: 'setup',
    kill: ['0/0'],
    launch: ['0/1'],
  },
  {
    title: 'the k6 that ran setup was killed: setup runs once more',
    state: stateOf('setup', [status({ job: ended(null) }), ready], { job: setupJob, jobs: 1, setupTries: 1 }),
    phase: 'setup',
    expected: { job: { ...setupJob, nr: 2 }, setupTries: 2 },
  },
  {
    title: 'setup was lost twice',
    state: stateOf('setup', [status({ job: ended(null, 'k6 was killed by SIGKILL') }), ready], {
      job: setupJob,
      setupTries: 2,
    }),
    phase: 'stopping',
    expected: {
      stop: {
        kind: 'not-started',
        exitCode: 122,
        message: 'setup() did not complete in 2 tries: k6 was killed by SIGKILL',
      },
    },
  },
  {
    title: 'setup has ended, but what it returned is lost: the run stops, without teardown',
    state: stateOf('setup', [status({ job: ended(0, 'the disk is full') }), ready], { job: setupJob }),
    phase: 'stopping',
    expected: {
      stop: {
        kind: 'setup',
        exitCode: 122,
        message: 'setup() ended, but what it returned cannot be passed to the tasks: the disk is full',
      },
    },
  },
  {
    title: 'a stop because the setup data is lost: no teardown, which would have none either',
    state: stateOf('stopping', [done(105), done(105)], {
      setup: { exitCode: 0, durationMs: 5, message: 'the disk is full', logTail: [] },
    }),
    phase: 'summary',
  },
  {
    title: 'setup fails: the run stops with its code',
    state: stateOf('setup', [status({ job: ended(107) }), ready], { job: setupJob }),
    phase: 'stopping',
    expected: { stop: { kind: 'setup', exitCode: 107, message: 'setup() failed: the error' } },
  },
  {
    title: 'setup that marks the test as failed is followed by the load',
    state: stateOf('setup', [status({ job: ended(110) }), ready], { job: setupJob }),
    phase: 'arming',
    expected: { markedFailed: true },
  },
  {
    title: 'all are armed: the start is set three polls ahead',
    state: stateOf('arming', [status({ phase: 'armed' }), status({ phase: 'armed' })]),
    phase: 'running',
    expected: { startAt: NOW + 300, job: null },
  },
  { title: 'the load is still running', state: stateOf('running', [running, running], started), phase: 'running' },
  {
    title: 'a task is lost under load: the others keep running',
    state: stateOf('running', [running, running], started),
    input: { liveness: [alive, gone] },
    phase: 'running',
    expected: { tasks: [{ outcome: null }, { outcome: { lost: 'killed', endedAt: NOW } }] },
  },
  {
    title: 'a k6 that was killed is lost for that reason, whatever it logged last',
    state: stateOf(
      'running',
      [
        running,
        status({
          phase: 'done',
          exitCode: -1,
          endedAt: NOW - 1,
          message: 'k6 was killed by SIGKILL',
          logTail: ['time="…" level=error msg="an error that k6 survived"', 'time="…" level=info msg="still alive"'],
        }),
      ],
      started,
    ),
    phase: 'running',
    expected: { tasks: [{}, { outcome: { exitCode: -1, lost: 'k6 was killed by SIGKILL' } }] },
  },
  {
    title: 'a k6 that crashed is lost for what it logged as its end',
    state: stateOf(
      'running',
      [
        running,
        status({
          phase: 'done',
          exitCode: 2,
          endedAt: NOW - 1,
          message: 'k6 ended with exit code 2',
          logTail: ['fatal error: out of memory', 'goroutine 1 [running]:'],
        }),
      ],
      started,
    ),
    phase: 'running',
    expected: { tasks: [{}, { outcome: { lost: 'k6 ended with exit code 2: fatal error: out of memory' } }] },
  },
  {
    title: 'a script that aborts in one task stops all',
    state: stateOf('running', [running, done(108)], started),
    phase: 'stopping',
    expected: { stop: { kind: 'aborted', exitCode: 108 } },
  },
  {
    title: 'a threshold with abortOnFail stops all',
    state: stateOf('running', [running, running], started),
    input: { abort: ['http_req_failed'] },
    phase: 'stopping',
    expected: { stop: { kind: 'threshold', exitCode: 99, message: expect.stringContaining('http_req_failed') } },
  },
  {
    title: 'windows are missing: wait for them',
    state: stateOf('running', [done(), status({ phase: 'done', exitCode: 0, endedAt: NOW, windows: 2 })], started),
    phase: 'running',
  },
  {
    title: 'windows that were deleted are not waited for for ever: their task counts as lost',
    state: stateOf(
      'running',
      [done(), status({ phase: 'done', exitCode: 0, endedAt: NOW - 30_001, windows: 2 })],
      started,
    ),
    phase: 'teardown',
    expected: { tasks: [{}, { outcome: { exitCode: 0, lost: '2 of its windows are missing from the store' } }] },
  },
  {
    title: 'all have ended: one runs teardown',
    state: stateOf('running', [done(), done()], started),
    phase: 'teardown',
    expected: { job: { kind: 'teardown', task: 0, attempt: 0 } },
  },
  {
    title: 'no task is left for teardown: a new one is launched for it',
    state: stateOf('running', [done(), done()], started),
    input: { liveness: [gone, gone] },
    phase: 'teardown',
    kill: ['0/0'],
    launch: ['0/1'],
    expected: { job: { kind: 'teardown', task: 0, attempt: 1 } },
  },
  {
    title: 'a task that Spot takes back still lives: another one runs teardown',
    state: stateOf('running', [done(105), done()], started),
    phase: 'teardown',
    expected: { job: { kind: 'teardown', task: 1, attempt: 0 } },
  },
  {
    title: 'a task whose k6 died is there all the same: it runs teardown',
    state: stateOf('running', [done(137), done()], started),
    phase: 'teardown',
    expected: { job: { kind: 'teardown', task: 0, attempt: 0 } },
  },
  {
    title: 'a task that was made to run teardown, all others being lost, runs the summary too',
    state: (() => {
      const lost = { exitCode: null, endedAt: NOW - 300, message: 'killed', lost: 'killed' };
      const job = { ...setupJob, kind: 'teardown', attempt: 1 } as const;
      const host = status({ attempt: 1, phase: 'done', exitCode: null, job: ended(0) });
      const state = stateOf('teardown', [host, null], { ...started, jobs: 1, job });
      for (const task of state.tasks) task.outcome = lost;
      Object.assign(state.tasks[0] ?? {}, { attempt: 1, launchedAt: NOW - 200 });
      return state;
    })(),
    input: { liveness: [alive, gone] },
    phase: 'summary',
    expected: { job: { kind: 'summary', task: 0, attempt: 1 } },
  },
  {
    title: 'a stop before the start: no teardown, but the summary',
    state: stateOf('stopping', [done(105), done(105)]),
    phase: 'summary',
    expected: { job: { kind: 'summary' } },
  },
  {
    title: 'a stop between setup and start: what setup has made is torn down',
    state: stateOf('stopping', [done(105), done(105)], { setup: started.setup }),
    phase: 'teardown',
    expected: { job: { kind: 'teardown' } },
  },
  {
    title: 'a stop in setup waits for the k6 that runs it',
    state: stateOf('stopping', [done(105), done(105)], { job: setupJob }),
    phase: 'stopping',
  },
  {
    title: 'a run that could not be started has no summary',
    state: stateOf('stopping', [done(105), done(105)], {
      stop: { kind: 'not-started', message: 'no', exitCode: 122 },
    }),
    phase: 'finished',
  },
  {
    title: 'k6 does not stop: it is killed',
    state: stateOf('stopping', [running, done(105)], { ...started, phaseSince: NOW - 46_000 }),
    phase: 'stopping',
    kill: ['0/0'],
  },
  {
    title: 'before the start, too; but neither who has ended nor who was never launched',
    state: (() => {
      const state = stateOf('stopping', [done(105), null], { phaseSince: NOW - 46_000 });
      const never = { ...(state.tasks[1] as RunState['tasks'][number]), launchedAt: null };
      state.tasks.push(never);
      return state;
    })(),
    input: { liveness: [alive, alive, gone] },
    phase: 'stopping',
    kill: ['1/0'],
  },
  {
    title: 'a task that cannot be killed is not waited for for ever; its load ended when it was killed',
    state: stateOf('stopping', [running, done(105)], { ...started, phaseSince: NOW - 300_001 }),
    phase: 'teardown',
    expected: {
      tasks: [{ outcome: { lost: 'it did not exit within 300 s of the stop', endedAt: NOW - 300_001 + 45_000 } }, {}],
    },
  },
  {
    title: 'teardown hangs: its task is killed',
    state: stateOf('teardown', [done(), done()], {
      ...started,
      phaseSince: NOW - 96_000,
      job: { ...setupJob, kind: 'teardown' },
    }),
    phase: 'teardown',
    kill: ['0/0'],
  },
  {
    title: 'teardown has ended: handleSummary',
    state: stateOf('teardown', [status({ phase: 'done', exitCode: 0, job: ended(0) }), done()], {
      ...started,
      jobs: 1,
      job: { ...setupJob, kind: 'teardown' },
    }),
    phase: 'summary',
    expected: { job: { kind: 'summary', nr: 2 } },
  },
  {
    title: 'handleSummary has ended: the end',
    state: stateOf('summary', [status({ phase: 'done', exitCode: 0, job: ended(0) }), done()], {
      ...started,
      job: { ...setupJob, kind: 'summary' },
    }),
    phase: 'finished',
  },
];

test.each(cases)('$title', ({ state, input: change, phase, launch = [], kill = [], expected = {} }) => {
  const effects = advance(runOf(state), input(change));
  const names = (refs: { task: number; attempt: number }[]) => refs.map(({ task, attempt }) => `${task}/${attempt}`);
  expect({ phase: state.phase, launch: names(effects.launch), kill: names(effects.kill) }).toEqual({
    phase,
    launch,
    kill,
  });
  expect(state).toMatchObject(expected);
});

test.each(['launching', 'setup', 'arming', 'running'] as const)('a stop request in phase %s stops the run', (phase) => {
  const state = stateOf(phase, [running, running], phase === 'running' ? started : { job: setupJob });
  advance(runOf(state), input({ stopRequest: { at: 'now', message: 'enough' } }));
  expect(state).toMatchObject({ phase: 'stopping', stop: { kind: 'requested', message: 'enough', exitCode: 105 } });
});

test('a stop request in teardown is recorded, and teardown runs to its end', () => {
  const job = { ...setupJob, kind: 'teardown' } as const;
  const state = stateOf('teardown', [done(), done()], { ...started, jobs: 1, job });
  const stopRequest = { at: 'now', message: 'enough' };
  advance(runOf(state), input({ stopRequest }));
  expect(state).toMatchObject({
    phase: 'teardown',
    job: { kind: 'teardown' },
    stop: { kind: 'requested', message: 'enough', exitCode: 105 },
  });

  const [host] = state.tasks;
  if (host !== undefined) host.status = status({ phase: 'done', exitCode: 0, job: ended(0) });
  advance(runOf(state), input({ stopRequest }));
  expect(state, 'the same request does not interrupt the summary').toMatchObject({ phase: 'summary' });
  advance(runOf(state), input({ stopRequest }));
  expect(state).toMatchObject({ phase: 'summary', job: { kind: 'summary' }, warnings: [] });
});

test('a stop request in the summary interrupts handleSummary()', () => {
  const state = stateOf('summary', [done(), done()], { ...started, job: { ...setupJob, kind: 'summary' } });
  advance(runOf(state), input({ stopRequest: { at: 'now', message: 'enough' } }));
  expect(state).toMatchObject({
    phase: 'finished',
    job: null,
    stop: { kind: 'requested', message: 'enough', exitCode: 105 },
    warnings: ['handleSummary() was interrupted, so the summary is the one of k6-fleet'],
  });
});

test('a stop request interrupts the summary of a run that was stopped for another reason, which stays', () => {
  const stop = { kind: 'threshold', message: 'crossed', exitCode: 99 } as const;
  const state = stateOf('summary', [done(), done()], { ...started, stop, job: { ...setupJob, kind: 'summary' } });
  advance(runOf(state), input({ stopRequest: { at: 'now', message: 'enough' } }));
  expect(state).toMatchObject({ phase: 'finished', stop });
});

test('a stop request comes too late for a run that is finished', () => {
  const state = stateOf('finished', [done(), done()], started);
  advance(runOf(state), input({ stopRequest: { at: 'now', message: 'enough' } }));
  expect(state).toMatchObject({ phase: 'finished', stop: null });
});

test('only the first reason to stop counts', () => {
  const state = stateOf('running', [done(108), running], started);
  advance(runOf(state), input({ stopRequest: { at: 'now', message: 'first' }, abort: ['checks'] }));
  expect(state.stop).toMatchObject({ kind: 'requested', message: 'first' });
});

test('the same state and input lead to the same state and effects', () => {
  const words = fc.record({
    phase: fc.constantFrom('starting', 'ready', 'armed', 'running', 'done', 'failed'),
    exitCode: fc.constantFrom(null, 0, -1, 99, 103, 105, 107, 108, 110),
    windows: fc.integer({ min: 0, max: 2 }),
  });
  const phases = fc.constantFrom<RunState['phase']>('launching', 'setup', 'arming', 'running', 'stopping', 'teardown');
  fc.assert(
    fc.property(
      phases,
      fc.array(words, { minLength: 2, maxLength: 2 }),
      fc.boolean(),
      fc.nat(90_000),
      (phase, says, lives, late) => {
        const state = () =>
          stateOf(phase, says.map(status), phase === 'running' ? { ...started } : { job: { ...setupJob } });
        const look = input({ liveness: [alive, lives ? alive : gone], now: NOW + late });
        const [a, b] = [state(), state()];
        expect(advance(runOf(a), look)).toEqual(advance(runOf(b), look));
        expect(a).toEqual(b);
        expect(JSON.parse(JSON.stringify(a)), 'a checkpoint keeps all of it').toEqual(a);
      },
    ),
  );
});
