/** An estimate of what a run will cost; only the AWS bill is exact. */
import { PUBLISH_INTERVAL_MS } from '../contract/interval-metrics.ts';
import type { Plan } from '../contract/plan.ts';
import { COORDINATOR_MEMORY_MIB, type StackInfo } from '../contract/stack.ts';
import { launchSeconds, pacedSeconds, subnetIndex } from './pacing.ts';
import {
  CLOUDWATCH_PRICE,
  FARGATE_MINIMUM_SECONDS,
  FARGATE_PRICE,
  LAMBDA_PRICE,
  PRICES_DATE,
  PRICES_REGION,
  PUBLIC_IPV4_HOUR,
  S3_PRICE,
  SPOT_DISCOUNT,
  STATE_TRANSITION,
} from './prices.ts';
import {
  coordinatorRequestsPerHour,
  onceRequests,
  PUBLISHED_METRICS,
  targetSeries,
  taskRequestsPerHour,
} from './requests.ts';

export interface CostItem {
  name: string;
  amount: number;
  unit: string;
  /** US dollars. */
  dollars: number;
}

export interface Estimate {
  /** US dollars for an hour with all tasks under load. */
  perHour: number;
  /** US dollars for the run, if it lasts as long as its scenarios can. */
  total: number;
  /** The duration is only a maximum, since the scenarios end with their iterations: so is `total`. */
  isMaximum: boolean;
  /** What `total` is made of. */
  items: CostItem[];
  /** Such as `2026-11`. */
  pricesDate: string;
  /** From the start until the last task is ready, s. */
  launchSeconds: number;
  /** Assumptions and omissions, one each. */
  notes: string[];
}

/** From the last ready task to the start, and from the end of the load to the last exit, s; without setup(). */
const AROUND_LOAD_SECONDS = 30;
/** State transitions: of a leg the task, the choice and at most one retry; of an execution its start and end. */
const TRANSITIONS = { perLeg: 3, once: 2 } as const;
/** How often the target's series are read, s: their data points are a minute wide. */
const READ_SERIES_SECONDS = 60;

/** How long resources are in use. */
interface Usage {
  /** Of all tasks together, h. */
  taskHours: number;
  /** Of the tasks with a public address, h. */
  addressHours: number;
  coordinatorHours: number;
  /** True: a whole run, with its requests at start and end; false: an hour under load. */
  whole: boolean;
}

/**
 * The cost of a run, per hour and in total, at list prices (see prices.ts), without data transfer.
 * @param plan its `fargate` states which tasks have a public address; without it, all have one
 */
export function estimate(plan: Plan, info: StackInfo): Estimate {
  const tasks = plan.tasks.length;
  const launch = launchSeconds(tasks, plan.timing.launchesPerSecond);
  const loadSeconds = plan.durationMs / 1000 + AROUND_LOAD_SECONDS;
  // Launches are spread evenly; every task waits for the last one.
  const waiting = launch - pacedSeconds(tasks, plan.timing.launchesPerSecond) / 2;
  const taskSeconds = Math.max(FARGATE_MINIMUM_SECONDS, waiting + loadSeconds);
  const addressed = tasksWithAddress(plan);
  const usage = (hours: number, coordinatorHours: number, whole: boolean): Usage => ({
    taskHours: tasks * hours,
    addressHours: addressed * hours,
    coordinatorHours,
    whole,
  });
  const coordinatorHours = (launch + loadSeconds + observedSeconds(plan)) / 3600;
  const items = itemsOf(plan, info, usage(taskSeconds / 3600, coordinatorHours, true));
  return {
    perHour: sumOf(itemsOf(plan, info, usage(1, 1, false))),
    total: sumOf(items),
    isMaximum: endsWithIterations(plan),
    items,
    pricesDate: PRICES_DATE,
    launchSeconds: launch,
    notes: notesOf(info),
  };
}

/** No scenario that runs for a fixed duration lasts as long as one that may end earlier, with its iterations. */
function endsWithIterations({ scenarios }: Plan): boolean {
  const ends = scenarios.map(({ startMs, durationMs }) => startMs + durationMs);
  const last = Math.max(...ends);
  return scenarios.length > 0 && scenarios.every(({ iterations }, i) => (ends[i] ?? 0) < last || iterations !== null);
}

/** How long the target is observed after the load, at most, s. */
const observedSeconds = ({ target, loadMs }: Plan): number =>
  Math.max(0, (target?.scaleOutWithinMs ?? 0) - loadMs) / 1000;

function tasksWithAddress({ tasks, fargate }: Plan): number {
  const subnets = fargate?.subnets;
  if (subnets === undefined) return tasks.length;
  return tasks.filter((_, task) => subnets[subnetIndex(task, 0, subnets.length)]?.publicIp === true).length;
}

function itemsOf(plan: Plan, info: StackInfo, usage: Usage): CostItem[] {
  const { taskHours, addressHours, coordinatorHours, whole } = usage;
  const price = FARGATE_PRICE[info.architecture];
  const share = info.capacity === 'FARGATE_SPOT' ? 1 - SPOT_DISCOUNT : 1;
  const spot = info.capacity === 'FARGATE_SPOT' ? ' Spot' : '';
  const requests = requestsOf(plan, usage);
  const gbSeconds = (coordinatorHours * 3600 * COORDINATOR_MEMORY_MIB) / 1024;
  const legSpans = (coordinatorHours * 3600) / info.legSeconds;
  const legs = whole ? Math.ceil(legSpans) : legSpans;
  const transitions = legs * TRANSITIONS.perLeg + (whole ? TRANSITIONS.once : 0);
  const calls = coordinatorHours * (3_600_000 / PUBLISH_INTERVAL_MS + 3_600_000 / plan.timing.targetPollIntervalMs);
  const series = targetSeries(info.target) * coordinatorHours * (3600 / READ_SERIES_SECONDS);
  // A metric is charged for each hour in which it is written.
  const metricHours = PUBLISHED_METRICS * Math.ceil(coordinatorHours);
  return [
    item(`Fargate${spot} vCPU, ${info.architecture}`, (taskHours * info.cpu) / 1024, 'vCPU-h', price.vcpuHour * share),
    item(
      `Fargate${spot} memory, ${info.architecture}`,
      (taskHours * info.memoryMiB) / 1024,
      'GB-h',
      price.gbHour * share,
    ),
    ...(addressHours > 0 ? [item('public IPv4 addresses', addressHours, 'h', PUBLIC_IPV4_HOUR)] : []),
    item('S3 PUT', requests.puts, 'requests', S3_PRICE.put),
    item('S3 GET', requests.gets, 'requests', S3_PRICE.get),
    item('Lambda, coordinator', gbSeconds, 'GB-s', LAMBDA_PRICE.gbSecond),
    item('Step Functions', transitions, 'transitions', STATE_TRANSITION),
    item('CloudWatch metrics', metricHours, 'metric-h', CLOUDWATCH_PRICE.metricHour),
    item('CloudWatch calls', calls, 'requests', CLOUDWATCH_PRICE.request),
    ...(series > 0 ? [item("CloudWatch, target's series", series, 'reads', CLOUDWATCH_PRICE.metricRequested)] : []),
  ];
}

function requestsOf({ tasks, timing }: Plan, { taskHours, coordinatorHours, whole }: Usage) {
  const task = taskRequestsPerHour(timing);
  const coordinator = coordinatorRequestsPerHour(timing);
  const once = whole ? onceRequests(tasks.length) : { puts: 0, gets: 0 };
  return {
    puts: task.puts * taskHours + coordinator.puts * coordinatorHours + once.puts,
    gets: task.gets * taskHours + coordinator.gets * coordinatorHours + once.gets,
  };
}

function notesOf(info: StackInfo): string[] {
  return [
    `list prices of ${PRICES_REGION} as of ${PRICES_DATE}, without free tiers${info.region === PRICES_REGION ? '' : `; those of ${info.region} differ`}`,
    'data transfer, log storage and the target itself are not included',
    ...(info.capacity === 'FARGATE_SPOT'
      ? [`Spot is assumed ${SPOT_DISCOUNT * 100} % below On-Demand; its price varies`]
      : []),
  ];
}

const item = (name: string, amount: number, unit: string, price: number): CostItem => ({
  name,
  amount,
  unit,
  dollars: amount * price,
});

const sumOf = (items: readonly CostItem[]): number => items.reduce((sum, { dollars }) => sum + dollars, 0);
