import type { Draw } from './draw.ts';

/** Functions of the script that a scenario can execute, with the requests that an iteration makes. */
export const FUNCTIONS = { default: 1, browse: 2, write: 1 } as const;
export type FunctionName = keyof typeof FUNCTIONS;

export const EXECUTORS = [
  'shared-iterations',
  'per-vu-iterations',
  'constant-vus',
  'ramping-vus',
  'constant-arrival-rate',
  'ramping-arrival-rate',
] as const;
export type Executor = (typeof EXECUTORS)[number];

export interface DrawnScenario {
  executor: Executor;
  exec: FunctionName;
  /** As the script's options have it. */
  options: Record<string, unknown>;
  /** Most VUs at once. */
  vus: number;
  /** How many iterations are expected; exact where the executor fixes them. */
  iterations: number;
  /** How long it is expected to take, without its start time, s. */
  seconds: number;
}

/** Whether the executor fixes the number of iterations, so that it is the same in every run. */
export const isFixed = ({ executor }: { executor: Executor }): boolean => executor.endsWith('-iterations');

/** No load lasts longer, with its start time, s. */
const MAX_SECONDS = 4;
/** An iteration's pauses, s. */
const PAUSES = [0.05, 0.1, 0.25];
/** Iterations of an arrival rate find a free VU if there are VUs for iterations that take so much longer, s. */
const SLOWEST_REQUEST = 0.2;

/** A scenario of at most MAX_SECONDS with a few VUs. */
export function drawScenario(draw: Draw, executor: Executor): DrawnScenario {
  const exec = draw.pick(Object.keys(FUNCTIONS) as FunctionName[]);
  const pause = draw.pick(PAUSES);
  const startTime = draw.pick([0, 0, 0.3, 1]);
  const load = drawLoad(draw, executor, { pause, longest: MAX_SECONDS - startTime });
  return {
    executor,
    exec,
    vus: load.vus,
    iterations: load.iterations,
    seconds: load.seconds,
    options: {
      executor,
      ...load.options,
      ...(exec === 'default' ? {} : { exec }),
      ...(startTime > 0 ? { startTime: duration(startTime) } : {}),
      ...(draw.chance(0.3) ? { gracefulStop: draw.pick(['0s', '1s']) } : {}),
      env: { PAUSE: String(pause) },
    },
  };
}

type Load = Pick<DrawnScenario, 'vus' | 'iterations' | 'seconds' | 'options'>;

function drawLoad(draw: Draw, executor: Executor, limits: { pause: number; longest: number }): Load {
  const { pause, longest } = limits;
  const vus = draw.int(1, 8);
  const seconds = draw.pick([1, 1.5, 2, 3].filter((choice) => choice <= longest));
  switch (executor) {
    case 'shared-iterations': {
      const iterations = draw.int(vus, Math.min(60, Math.floor((vus * longest) / (2 * pause))));
      return { vus, iterations, seconds: (iterations / vus) * pause, options: { vus, iterations } };
    }
    case 'per-vu-iterations': {
      const each = draw.int(1, Math.min(10, Math.floor(longest / (2 * pause))));
      return { vus, iterations: vus * each, seconds: each * pause, options: { vus, iterations: each } };
    }
    case 'constant-vus':
      return { vus, iterations: (vus * seconds) / pause, seconds, options: { vus, duration: duration(seconds) } };
    case 'ramping-vus': {
      const startVUs = draw.int(0, 4);
      const { stages, area, peak } = drawStages(draw, { start: startVUs, seconds, highest: 8 });
      return { vus: peak, iterations: area / pause, seconds, options: { startVUs, stages } };
    }
    case 'constant-arrival-rate': {
      const rate = draw.int(3, 40);
      const unit = draw.pick([1, 2]);
      const vus = vusFor(draw, rate / unit, pause);
      const options = { rate, timeUnit: duration(unit), duration: duration(seconds), preAllocatedVUs: vus };
      return { vus, iterations: (rate / unit) * seconds, seconds, options };
    }
    case 'ramping-arrival-rate': {
      const startRate = draw.int(0, 20);
      const { stages, area, peak } = drawStages(draw, { start: startRate, seconds, highest: 40 });
      const vus = vusFor(draw, peak, pause);
      return { vus, iterations: area, seconds, options: { startRate, stages, preAllocatedVUs: vus } };
    }
  }
}

/** Two or three stages. `area`: the integral of the level over time, per s. */
function drawStages(draw: Draw, { start, seconds, highest }: { start: number; seconds: number; highest: number }) {
  const targets = Array.from({ length: draw.int(2, 3) }, (): number => draw.int(0, highest));
  // A ramp from 0 to 0 would make no iteration.
  if (Math.max(...targets) === 0) targets[0] = highest;
  const each = Math.floor((seconds / targets.length) * 10) / 10;
  const levels = [start, ...targets];
  const area = targets.reduce((sum, target, i) => sum + ((target + (levels[i] ?? 0)) / 2) * each, 0);
  const stages = targets.map((target) => ({ target, duration: duration(each) }));
  return { stages, area, peak: Math.max(...levels) };
}

/** Enough; for a low rate there may be fewer than tasks. */
const vusFor = (draw: Draw, perSecond: number, pause: number): number =>
  Math.ceil(perSecond * (pause + SLOWEST_REQUEST)) + draw.pick([0, 4]);

/** Whether options without `scenarios` can say the same: `vus` with `iterations` or `duration`, or `stages`. */
export function hasShortcut({ executor, vus, options }: DrawnScenario): boolean {
  // Stages have no startVUs then, which may be the most.
  if (executor === 'ramping-vus') return vus > Number(options.startVUs);
  return executor === 'shared-iterations' || executor === 'constant-vus';
}

/** Those options. k6 calls the scenario `default`; it executes the default function. */
export function shortcutOf({ options }: DrawnScenario): Record<string, unknown> {
  const { vus, iterations, duration: time, stages } = options;
  // JSON leaves out what is undefined.
  return { vus, iterations, duration: time, stages };
}

const duration = (seconds: number): string => `${Math.round(seconds * 1000)}ms`;
