import { S3_PRICE } from '../core/aws/prices.ts';
import { coordinatorRequestsPerHour, onceRequests, type Requests, taskRequestsPerHour } from '../core/aws/requests.ts';
import type { Timing } from '../core/contract/plan.ts';
import { awsTiming } from '../core/plan/build.ts';
import { type CountedRun, countRun } from './aws/counted-run.ts';
import type { Counts } from './aws/kinds.ts';
import { countLeg } from './aws/simulated-leg.ts';
import type { BenchContext } from './context.ts';
import type { Report } from './report.ts';

/** A larger fleet's requests are counted than the few real tasks that are run, with the times of the larger one. */
const RUN_TASKS = 3;

/** The estimate of a run's cost may be too high by so much, and too low by so much. */
const TOO_HIGH = 1.5;
const TOO_LOW = 1.1;

export interface CountedLeg {
  tasks: number;
  seconds: number;
  counts: Counts;
}

/** How many requests a run makes, counted, beside what its price is estimated by. */
export async function benchRequests({ k6, dir, quick, log }: BenchContext): Promise<Report> {
  const tasks = quick ? 20 : 1000;
  const timing = awsTiming(tasks);
  const seconds = quick ? 30 : 600;
  const leg = { tasks, seconds, counts: await countLeg(tasks, timing, seconds) };
  log(`the coordinator of ${tasks} tasks is counted`);
  const run = await countRun({ k6, dir, tasks: quick ? 1 : RUN_TASKS, timing, seconds: quick ? 10 : 26 });
  return requestsReport(timing, leg, run);
}

/** @internal exported for its test */
export function requestsReport(timing: Timing, leg: CountedLeg, run: CountedRun): Report {
  const { tasks } = leg;
  const perHour = (kinds: RegExp, counts: Counts, seconds: number) => (sumOf(kinds, counts) * 3600) / seconds;
  // Of what real tasks are asked for, only what workers ask: their coordinator has fewer tasks than the one in `leg`.
  const worker: Requests = {
    puts: perHour(/^PUT (window|status)$/, run.advanceLoad, run.seconds) / run.tasks,
    gets: perHour(/^GET control$/, run.advanceLoad, run.seconds) / run.tasks,
  };
  const polls = perHour(/^GET (window|status)$/, leg.counts, leg.seconds) / tasks;
  const ownKinds = '(control|checkpoint|progress|stop|other)$';
  const coordinator: Requests = {
    puts: perHour(new RegExp(`^PUT ${ownKinds}`), leg.counts, leg.seconds),
    gets: perHour(new RegExp(`^GET ${ownKinds}`), leg.counts, leg.seconds),
  };
  const once: Requests = {
    puts: sumOf(/^PUT (state|log)$/, run.inAll) / run.tasks,
    gets: sumOf(/^GET (plan|archive|environment|setup-data)$/, run.inAll) / run.tasks,
  };
  const estimated = {
    task: taskRequestsPerHour(timing),
    coordinator: coordinatorRequestsPerHour(timing),
    once: minus(onceRequests(2), onceRequests(1)),
  };
  const counted = {
    puts: worker.puts + coordinator.puts / tasks,
    gets: worker.gets + polls + coordinator.gets / tasks,
  };
  const estimate = {
    puts: estimated.task.puts + estimated.coordinator.puts / tasks,
    gets: estimated.task.gets + estimated.coordinator.gets / tasks,
  };
  const dollars = { counted: dollarsOf(counted) * tasks, estimated: dollarsOf(estimate) * tasks };
  const row = (what: string, is: number, by: number | null) => [
    what,
    is.toFixed(0),
    by?.toFixed(0) ?? '',
    by === null || is === 0 ? '' : (by / is).toFixed(2),
  ];
  const fleet = `${tasks.toLocaleString('en')} tasks`;
  const api = Object.entries(leg.counts).filter(([kind]) => !kind.includes(' '));
  return {
    name: 'requests',
    title: `Requests of ${fleet}, counted and as estimated for the price of a run`,
    head: ['', 'counted', 'estimated', 'ratio'],
    rows: [
      row('a task and hour: PUT of its worker', worker.puts, estimated.task.puts),
      row('a task and hour: GET of its worker', worker.gets, 3_600_000 / timing.controlPollIntervalMs),
      row(
        'a task and hour: GET of the coordinator',
        polls,
        estimated.task.gets - 3_600_000 / timing.controlPollIntervalMs,
      ),
      row('a task, once: PUT of its worker', once.puts, estimated.once.puts),
      row('a task, once: GET of its worker', once.gets, estimated.once.gets),
      row('a run and hour: PUT of the coordinator', coordinator.puts, estimated.coordinator.puts),
      row('a run and hour: GET of the coordinator', coordinator.gets, estimated.coordinator.gets),
      ...api.map(([kind, count]) => row(`a run and hour: ${kind}`, (count * 3600) / leg.seconds, null)),
      [
        `S3 for an hour of ${fleet}`,
        `$${dollars.counted.toFixed(2)}`,
        `$${dollars.estimated.toFixed(2)}`,
        (dollars.estimated / dollars.counted).toFixed(2),
      ],
    ],
    aims: [
      {
        what: 'estimate of what S3 costs, as a ratio to the count',
        value: dollars.estimated / dollars.counted,
        atMost: TOO_HIGH,
      },
      {
        what: 'count of what S3 costs, as a ratio to the estimate',
        value: dollars.counted / dollars.estimated,
        atMost: TOO_LOW,
      },
    ],
    notes: [
      `Workers: ${run.tasks} real ones with a k6 each, counted over ${run.seconds} s of load at the intervals of ${fleet}. ` +
        `Coordinator: the real one with ${fleet}, simulated, over ${leg.seconds} s of virtual time. ` +
        'Prices are those of core/aws/prices.ts; ECS calls are free.',
    ],
    data: { timing, leg, run, dollars },
  };
}

const sumOf = (kinds: RegExp, counts: Counts): number =>
  Object.entries(counts).reduce((sum, [kind, count]) => sum + (kinds.test(kind) ? count : 0), 0);

const minus = (a: Requests, b: Requests): Requests => ({ puts: a.puts - b.puts, gets: a.gets - b.gets });

const dollarsOf = ({ puts, gets }: Requests): number => puts * S3_PRICE.put + gets * S3_PRICE.get;
