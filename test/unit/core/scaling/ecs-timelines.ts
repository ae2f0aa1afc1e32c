/** ECS services under load, with a reading every 10 s. Written by hand, after how ECS and its autoscaling behave. */
import type { TargetEvent, TargetReading, TargetSample } from '../../../../core/contract/result.ts';
import { at } from './timeline.ts';

/** Counts from this second on: desired, running, pending. */
type Change = [second: number, desired: number, running: number, pending: number];

export interface EcsTimeline {
  name: string;
  changes: Change[];
  /** No reading in these seconds: the API was throttled. */
  unread?: [from: number, to: number];
  /** VUs by the second: 10, and 1,000 from second 60 on, to second `loadEnds`, or 900. */
  loadEnds?: number;
  events?: TargetEvent[];
  samples?: TargetSample[];
  ok: boolean;
  /** Seconds after noon. */
  desiredRose: number | null;
  runningRose: number | null;
  peakTasks: number;
  message: string;
}

/** The load rises at 12:01:00; the limit is 6 min; readings end at 12:15:00. */
const LOAD_ROSE = 60;
export const WATCHED = 900;
const LIMIT = 'limit 6m';

export const vusOf =
  ({ loadEnds = WATCHED }: EcsTimeline) =>
  (second: number): number =>
    second < LOAD_ROSE || second >= loadEnds ? 10 : 1000;

export const readingsOf = ({ changes, unread = [0, 0] }: EcsTimeline): TargetReading[] =>
  Array.from({ length: WATCHED / 10 + 1 }, (_, i) => i * 10)
    .filter((second) => second < unread[0] || second >= unread[1])
    .map((second) => {
      const [, desired = 0, running = 0, pending = 0] = changes.findLast(([since]) => since <= second) ?? [];
      return { at: at(second), desired, running, pending };
    });

const event = (second: number, message: string): TargetEvent => ({ at: at(second), message });

const NEVER = `the desired count never rose above 2 in the 14m after the load increased (${LIMIT}; load 12:01:00 UTC)`;

export const ECS_TIMELINES: EcsTimeline[] = [
  {
    name: 'target tracking: the whole minutes 12:01 to 12:03 are above the target, then four tasks start',
    changes: [
      [0, 2, 2, 0],
      [290, 6, 2, 4],
      [340, 6, 4, 2],
      [350, 6, 6, 0],
    ],
    events: [
      event(286, '(autoscaling of web) Setting desired count to 6.'),
      event(352, '(service web) has reached a steady state.'),
    ],
    ok: true,
    desiredRose: 290,
    runningRose: 340,
    peakTasks: 6,
    message: `running tasks rose from 2 to 4, 4m40s after the load increased (${LIMIT}; load 12:01:00, desired 12:04:50, running 12:05:40 UTC)`,
  },
  {
    name: 'a load that ends before the autoscaling has seen it, with the observation continuing',
    loadEnds: 240,
    changes: [
      [0, 2, 2, 0],
      [290, 6, 2, 4],
      [350, 6, 6, 0],
    ],
    ok: true,
    desiredRose: 290,
    runningRose: 350,
    peakTasks: 6,
    message: `running tasks rose from 2 to 6, 4m50s after the load increased (${LIMIT}; load 12:01:00, desired 12:04:50, running 12:05:50 UTC)`,
  },
  {
    name: 'no scale-out',
    changes: [[0, 2, 2, 0]],
    ok: false,
    desiredRose: null,
    runningRose: null,
    peakTasks: 2,
    message: `${NEVER}`,
  },
  {
    name: 'a peak that is shorter than the policy can see',
    loadEnds: 180,
    changes: [[0, 2, 2, 0]],
    ok: false,
    desiredRose: null,
    runningRose: null,
    peakTasks: 2,
    message: `${NEVER}; the load was held for only 2m: hold it longer`,
  },
  {
    name: 'too late: tasks take long to become healthy',
    changes: [
      [0, 2, 2, 0],
      [290, 4, 2, 2],
      [500, 4, 4, 0],
    ],
    ok: false,
    desiredRose: 290,
    runningRose: 500,
    peakTasks: 4,
    message: `running tasks rose from 2 to 4, 7m20s after the load increased (${LIMIT}; load 12:01:00, desired 12:04:50, running 12:08:20 UTC)`,
  },
  {
    name: 'tasks that start and stop again: they never run',
    changes: [
      [0, 2, 2, 0],
      [290, 4, 2, 2],
      [330, 4, 2, 0],
      [360, 4, 2, 2],
      [400, 4, 2, 0],
    ],
    ok: false,
    desiredRose: 290,
    runningRose: null,
    peakTasks: 2,
    message: `the desired count rose from 2 to 4, 3m50s after the load increased, but running tasks never rose above 2 (${LIMIT}; load 12:01:00, desired 12:04:50 UTC)`,
  },
  {
    name: 'flapping: the first rise is taken back before a task runs, the second is not',
    changes: [
      [0, 2, 2, 0],
      [240, 4, 2, 2],
      [270, 2, 2, 0],
      [330, 4, 2, 2],
      [380, 4, 4, 0],
      [500, 3, 3, 0],
      [560, 5, 3, 2],
      [610, 5, 5, 0],
    ],
    ok: true,
    desiredRose: 240,
    runningRose: 380,
    peakTasks: 5,
    message: `running tasks rose from 2 to 4, 5m20s after the load increased (${LIMIT}; load 12:01:00, desired 12:04:00, running 12:06:20 UTC)`,
  },
  {
    name: 'a deployment alone: old and new tasks run side by side',
    changes: [
      [0, 2, 2, 0],
      [200, 2, 2, 2],
      [240, 2, 4, 0],
      [300, 2, 3, 0],
      [310, 2, 2, 0],
    ],
    events: [
      event(195, '(service web) deployment ecs-svc/123 of web:42 started'),
      event(312, '(service web) (deployment ecs-svc/123) deployment completed.'),
    ],
    ok: false,
    desiredRose: null,
    runningRose: null,
    peakTasks: 2,
    message: `${NEVER}; 4 tasks ran at 12:04:00 UTC, more than desired, as during a deployment`,
  },
  {
    name: 'a scale-out during a deployment, whose old tasks leave first',
    changes: [
      [0, 2, 2, 0],
      [200, 2, 2, 2],
      [240, 2, 4, 0],
      [290, 6, 4, 2],
      [300, 6, 2, 4],
      [350, 6, 5, 1],
      [360, 6, 6, 0],
    ],
    ok: true,
    desiredRose: 290,
    runningRose: 350,
    peakTasks: 6,
    message: `running tasks rose from 2 to 5, 4m50s after the load increased (${LIMIT}; load 12:01:00, desired 12:04:50, running 12:05:50 UTC)`,
  },
  {
    name: 'a scale-out during a deployment, whose old tasks leave as new ones come',
    changes: [
      [0, 2, 2, 0],
      [200, 2, 2, 2],
      [240, 2, 4, 0],
      [290, 4, 4, 2],
      [340, 4, 4, 0],
    ],
    ok: true,
    desiredRose: 290,
    runningRose: 340,
    peakTasks: 4,
    message: `running tasks rose from 2 to 4, 4m40s after the load increased (${LIMIT}; load 12:01:00, desired 12:04:50, running 12:05:40 UTC)`,
  },
  {
    name: 'a deployment after a scale-out was taken back',
    changes: [
      [0, 2, 2, 0],
      [240, 4, 2, 2],
      [270, 2, 2, 0],
      [400, 2, 2, 2],
      [440, 2, 4, 0],
      [480, 2, 2, 0],
    ],
    ok: false,
    desiredRose: 240,
    runningRose: null,
    peakTasks: 2,
    message: `the desired count rose from 2 to 4, 3m after the load increased, but running tasks never rose above 2 (${LIMIT}; load 12:01:00, desired 12:04:00 UTC)`,
  },
  {
    name: 'a scale-in is still under way while the load rises',
    changes: [
      [0, 6, 6, 0],
      [120, 5, 6, 0],
      [130, 5, 5, 0],
      [180, 4, 4, 0],
      [290, 6, 4, 2],
      [340, 6, 6, 0],
    ],
    ok: true,
    desiredRose: 290,
    runningRose: 340,
    peakTasks: 6,
    message: `running tasks rose from 4 to 6, 4m40s after the load increased (${LIMIT}; load 12:01:00, desired 12:04:50, running 12:05:40 UTC)`,
  },
  {
    name: 'a scale-in that is taken back before a task has left',
    changes: [
      [0, 6, 6, 0],
      [280, 4, 6, 0],
      [290, 6, 6, 0],
    ],
    ok: true,
    desiredRose: 290,
    runningRose: 290,
    peakTasks: 6,
    message: `running tasks rose from 4 to 6, 3m50s after the load increased (${LIMIT}; load 12:01:00, desired 12:04:50, running 12:04:50 UTC)`,
  },
  {
    name: 'a target at its maximum',
    changes: [[0, 10, 10, 0]],
    loadEnds: 240,
    samples: [{ series: 'maximum', at: at(0), value: 10 }],
    ok: false,
    desiredRose: null,
    runningRose: null,
    peakTasks: 10,
    message: `the desired count never rose above 10 in the 14m after the load increased (${LIMIT}; load 12:01:00 UTC); the target was at its maximum of 10 tasks`,
  },
  {
    name: 'readings are missing while it scales, which is in time all the same',
    changes: [
      [0, 2, 2, 0],
      [290, 6, 2, 4],
      [340, 6, 6, 0],
    ],
    unread: [280, 380],
    ok: true,
    desiredRose: 380,
    runningRose: 380,
    peakTasks: 6,
    message: `running tasks rose from 2 to 6, 5m20s after the load increased (${LIMIT}; load 12:01:00, desired 12:06:20, running 12:06:20 UTC)`,
  },
  {
    name: 'readings are missing while its time runs out',
    changes: [
      [0, 2, 2, 0],
      [290, 6, 2, 4],
      [340, 6, 6, 0],
    ],
    unread: [280, 450],
    ok: false,
    desiredRose: 450,
    runningRose: 450,
    peakTasks: 6,
    message: `running tasks rose from 2 to 6, 6m30s after the load increased (${LIMIT}; load 12:01:00, desired 12:07:30, running 12:07:30 UTC); the target could not be read between 12:04:30 and 12:07:30 UTC: it may have scaled out in time`,
  },
  {
    name: 'readings are missing from the start, until it has scaled',
    changes: [
      [0, 2, 2, 0],
      [290, 6, 6, 0],
    ],
    unread: [0, 300],
    ok: false,
    desiredRose: null,
    runningRose: null,
    peakTasks: 6,
    message: `the desired count never rose above 6 in the 14m after the load increased (${LIMIT}; load 12:01:00 UTC); the first reading was at 12:05:00 UTC: the target may have scaled out before it`,
  },
  {
    name: 'readings are missing to the end',
    changes: [
      [0, 2, 2, 0],
      [290, 6, 6, 0],
    ],
    unread: [200, 1000],
    ok: false,
    desiredRose: null,
    runningRose: null,
    peakTasks: 2,
    message: `${NEVER}; the last reading was at 12:03:10 UTC: the target may have scaled out after it`,
  },
];
