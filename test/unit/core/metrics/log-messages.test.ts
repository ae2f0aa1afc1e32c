import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CellLine, LogMessage, Window } from '../../../../core/contract/window.ts';
import { RunMetrics } from '../../../../core/metrics/run-metrics.ts';
import { TaskSet } from '../../../../core/metrics/task-set.ts';
import { errorMessages } from '../../../../core/run/report/errors.ts';

const CONTEXT = { startAtMs: 0, clockOffsetMs: 0 };

interface Entry {
  task: number;
  at: number;
  message: string;
  level: 'warning' | 'error';
  source: LogMessage['source'];
}

const entries = fc.array(
  fc.record({
    task: fc.nat(70),
    at: fc.nat(1000),
    message: fc.constantFrom('a', 'b', 'c', 'd', 'e', '(other)'),
    level: fc.constantFrom('warning' as const, 'error' as const),
    source: fc.constantFrom('exception' as const, 'request' as const, 'console' as const, 'k6' as const),
  }),
  { maxLength: 60 },
);

/** As the fleet output counts entries between two lines; each process sends the example with the first of a message. */
function lineOf(part: readonly Entry[], sent: Set<string>): CellLine {
  const log = new Map<string, LogMessage>();
  const failed = new Map<string, number>();
  for (const { at, message, level, source } of part) {
    const key = JSON.stringify([message, level, source]);
    const known = log.get(key);
    if (known === undefined) {
      const example = sent.has(key) ? {} : { example: { at, message: `${message} at ${at}` } };
      log.set(key, { message, level, source, count: 1, firstAt: at, lastAt: at, ...example });
      sent.add(key);
    } else {
      known.count += 1;
      known.firstAt = Math.min(known.firstAt, at);
      known.lastAt = Math.max(known.lastAt, at);
    }
    failed.set(message, (failed.get(message) ?? 0) + 1);
  }
  const failedRequests = [...failed].map(([status, count]) => ({ status, errorCode: '', count }));
  return { v: 1, wall: 1, cells: [], log: [...log.values()], failedRequests };
}

/** Each task's entries, cut into windows of one line. */
function windowsOf(all: readonly Entry[], size: number): Window[] {
  const tasks = [...new Set(all.map(({ task }) => task))];
  return tasks.flatMap((task) => {
    const own = all.filter((entry) => entry.task === task);
    const sent = new Set<string>();
    return Array.from({ length: Math.ceil(own.length / size) }, (_, seq): Window => {
      const line = lineOf(own.slice(seq * size, (seq + 1) * size), sent);
      return { v: 1, task, attempt: 0, seq, job: 'load', busy: 0, lines: [line] };
    });
  });
}

const essence = (metrics: RunMetrics) => {
  const { log = [], failures } = metrics.toJson();
  // With equal counts the order says nothing.
  const sorted = log.toSorted((a, b) => b.count - a.count || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { log: sorted, failures };
};

const merge = (windows: readonly Window[], maxMessages: number) => {
  const metrics = new RunMetrics([], { maxMessages });
  for (const window of windows) metrics.addWindow(window, CONTEXT);
  return metrics;
};

const checkpointed = (metrics: RunMetrics) => RunMetrics.fromJson(JSON.parse(JSON.stringify(metrics.toJson())), []);

describe('messages of the log', () => {
  it('merge to the same from any cut into windows, in any order, across checkpoints, and add up', () => {
    fc.assert(
      fc.property(
        entries,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.infiniteStream(fc.nat(1000)),
        (all, size, limit, random) => {
          const below = (max: number) => random.next().value % max;
          const whole = merge(windowsOf(all, 1000), limit);
          let metrics = new RunMetrics([], { maxMessages: limit });
          for (const windows = windowsOf(all, size); windows.length > 0; ) {
            metrics.addWindow(windows.splice(below(windows.length), 1)[0] as Window, CONTEXT);
            if (below(4) === 0) metrics = checkpointed(metrics);
          }
          expect(essence(metrics)).toEqual(essence(whole));
          const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
          expect(sum(metrics.log.list().map(({ count }) => count))).toBe(all.length);
          expect(sum(Object.values(metrics.log.totals()))).toBe(all.length);
          expect(sum(metrics.failures.list().map(({ count }) => count))).toBe(all.length);
          expect(metrics.log.list().filter(({ message }) => message !== '(other)').length).toBeLessThanOrEqual(limit);
          expect(metrics.log.list().length).toBeLessThanOrEqual(limit + 8);
        },
      ),
    );
  });

  it('keep exceptions, whatever a script writes to its console', () => {
    const metrics = new RunMetrics([], { maxMessages: 3 });
    const noise = Array.from({ length: 50 }, (_, i): Entry => {
      return { task: 0, at: i, message: `noise ${i}`, level: 'error', source: 'console' };
    });
    metrics.addWindow(windowsOf(noise, 99)[0] as Window, CONTEXT);
    const thrown: Entry = { task: 1, at: 99, message: 'thrown', level: 'error', source: 'exception' };
    metrics.addWindow(windowsOf([thrown], 1)[0] as Window, CONTEXT);
    expect(metrics.log.list().map(({ message, count }) => [message, count])).toEqual([
      ['(other)', 48],
      ['thrown', 1],
      ['noise 0', 1],
      ['noise 1', 1],
    ]);
  });

  it('are in the result with their moments by the clock of the store, their tasks, and the earliest example', () => {
    const metrics = new RunMetrics([]);
    const message = {
      message: 'Error: user <n>',
      level: 'error',
      source: 'exception',
      scenario: 's',
      place: 'file:///t.js:1:2',
    } as const;
    for (const [task, clockOffsetMs] of [500, -500, 0].entries()) {
      for (const seq of [0, 1]) {
        const at = 1000 * (seq + 1);
        const example = seq === 0 ? { example: { at, message: `Error: user ${task}`, stack: `at ${task}` } } : {};
        const log = [{ ...message, count: 5, firstAt: at, lastAt: at + 9, ...example }];
        const lines: CellLine[] = [{ v: 1, wall: 1, cells: [], log }];
        metrics.addWindow(
          { v: 1, task: task * 40, attempt: 0, seq, job: 'load', busy: 0, lines },
          { startAtMs: 0, clockOffsetMs },
        );
      }
    }
    expect(errorMessages(metrics)).toEqual([
      {
        ...message,
        count: 30,
        firstAt: 500,
        lastAt: 2509,
        taskCount: 3,
        tasks: [0, 40, 80],
        example: 'Error: user 1',
        stack: 'at 1',
      },
    ]);
  });
});

it('TaskSet holds any tasks', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.array(fc.nat(1000)), (a, b) => {
      const [one, two] = [a, b].map((tasks) => tasks.reduce((set, task) => set.add(task), new TaskSet())) as [
        TaskSet,
        TaskSet,
      ];
      const copy = TaskSet.fromJson(one.toJson());
      copy.addAll(two);
      expect(copy.list()).toEqual([...new Set([...a, ...b])].sort((x, y) => x - y));
    }),
  );
});
