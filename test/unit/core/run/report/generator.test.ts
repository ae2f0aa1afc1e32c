import { describe, expect, it } from 'vitest';
import { type GeneratorInput, generator, listTasks } from '../../../../../core/run/report/generator.ts';

const tasksOf = (count: number, peakBusy: number, peakOwnBusy: number | null) =>
  Array.from({ length: count }, (_, task) => ({ task, peakBusy, peakOwnBusy }));

const judge = (input: Partial<GeneratorInput>) =>
  generator({
    dropped: 0,
    state: { lateTasks: {} },
    tasks: [],
    durationMs: 60_000,
    isMachineShared: true,
    ...input,
  });

describe('generator', () => {
  it.each<[string, Partial<GeneratorInput>, string[]]>([
    ['idle', { tasks: tasksOf(3, 0.5, 0.1) }, []],
    ['a test too short to tell', { tasks: tasksOf(3, 1, 0.3), durationMs: 4999 }, []],
    [
      'a machine whose CPU others use',
      { tasks: tasksOf(3, 0.96, 0.04) },
      [
        "the CPU of this machine was 95% busy or more for 5 s; this run's tasks used only 12% of it, other programs the rest",
      ],
    ],
    [
      'a machine whose CPU the tasks use',
      { tasks: tasksOf(3, 0.96, 0.3) },
      ["the CPU of this machine was 95% busy or more for 5 s; this run's tasks used 90% of it"],
    ],
    [
      'a machine that does not say whose use it is',
      { tasks: tasksOf(3, 0.96, null) },
      ['the CPU of this machine was 95% busy or more for 5 s'],
    ],
    [
      'tasks with CPUs of their own',
      { tasks: [...tasksOf(2, 0.96, 0.96), { task: 2, peakBusy: 0.4, peakOwnBusy: 0.4 }], isMachineShared: false },
      ['tasks 0 and 1 used 95% of their CPU or more for 5 s'],
    ],
    [
      'one task of many',
      { tasks: [{ task: 7, peakBusy: 1, peakOwnBusy: 1 }], isMachineShared: false },
      ['task 7 used 95% of its CPU or more for 5 s'],
    ],
    [
      'a thousand tasks that are late',
      { state: { lateTasks: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [i, 9000 + i])) } },
      ['tasks 0, 1, 2 and 997 more shipped windows up to 10 s late'],
    ],
    ['dropped', { dropped: 3 }, ['3 iterations were dropped: not enough VUs to sustain the arrival rate']],
  ])('%s', (_, input, reasons) => {
    expect(judge(input)).toEqual({ saturated: reasons.length > 0, reasons });
  });

  it('lists tasks', () => {
    expect([[4], [4, 5], [0, 1, 2, 3, 9], [0, 1, 2, 3, 4, 9]].map(listTasks)).toEqual([
      'task 4',
      'tasks 4 and 5',
      'tasks 0, 1, 2, 3 and 9',
      'tasks 0, 1, 2 and 3 more',
    ]);
  });
});
