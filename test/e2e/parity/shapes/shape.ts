import { Draw } from './draw.ts';
import { type DrawnScenario, drawScenario, EXECUTORS, FUNCTIONS, hasShortcut, isFixed } from './scenarios.ts';
import { drawThresholds, type Thresholds } from './thresholds.ts';

/** Options of a script, drawn at random, with what is known of the load that they make. */
export interface Shape {
  /** Of the run, and of this shape among those of its seed. */
  seed: number;
  index: number;
  tasks: number;
  scenarios: Record<string, DrawnScenario>;
  /** Whether the one scenario is given by options such as `vus` and `duration`. */
  shortcut: boolean;
  /** Options besides scenarios and thresholds. */
  others: Record<string, unknown>;
  setup: boolean;
  teardown: boolean;
  thresholds: Thresholds;
  /** Whether a threshold is sure to abort the load, which would otherwise last much longer. */
  aborts: boolean;
}

/** The load of a shape that aborts: so much longer than the abort takes that it cannot end by itself, s. */
const ENDLESS_SECONDS = 30;
const ABORTED_RATE = 20;

/** The same for the same seed and index, whichever others are drawn. */
export function drawShape(seed: number, index: number): Shape {
  const draw = new Draw(Math.imul(seed, 0x9e3779b1) + index);
  // Every executor in turn is the first scenario's.
  const first = EXECUTORS[index % EXECUTORS.length] ?? 'constant-vus';
  const executors = [first, ...Array.from({ length: draw.int(0, 2) }, () => draw.pick(EXECUTORS))];
  const scenarios: Shape['scenarios'] = {};
  for (const executor of executors) {
    const name = `${draw.pick(['main', 'side', 'api'])}_${Object.keys(scenarios).length}`;
    const scenario = drawScenario(draw, executor);
    if (draw.chance(0.5)) scenario.options.tags = { kind: draw.pick(['read', 'mixed']) };
    scenarios[name] = scenario;
  }
  const [only, ...more] = Object.values(scenarios);
  const shortcut = only !== undefined && more.length === 0 && hasShortcut(only) && draw.chance(0.6);
  if (shortcut) {
    for (const name of Object.keys(scenarios)) delete scenarios[name];
    scenarios.default = { ...only, exec: 'default' };
  }
  const aborts = !shortcut && draw.chance(0.2);
  if (aborts) scenarios.endless = endless();

  const all = Object.values(scenarios);
  const maxVUs = all.reduce((sum, { vus }) => sum + vus, 0);
  const setup = draw.chance(0.5);
  const teardown = draw.chance(0.5);
  const tasks = Math.min(draw.int(2, 4), maxVUs);
  const thresholds = drawThresholds(draw, { scenarios, aborts });
  const others = drawOthers(draw, all);
  return { seed, index, tasks, scenarios, shortcut, others, setup, teardown, thresholds, aborts };
}

const endless = (): DrawnScenario => ({
  executor: 'constant-arrival-rate',
  exec: 'default',
  vus: 10,
  iterations: ABORTED_RATE * ENDLESS_SECONDS,
  seconds: ENDLESS_SECONDS,
  options: {
    executor: 'constant-arrival-rate',
    rate: ABORTED_RATE,
    duration: `${ENDLESS_SECONDS}s`,
    preAllocatedVUs: 10,
    env: { PAUSE: '0.02' },
  },
});

function drawOthers(draw: Draw, scenarios: DrawnScenario[]): Shape['others'] {
  const others: Shape['others'] = {};
  if (draw.chance(0.3)) others.tags = { release: 'seven' };
  if (draw.chance(0.2)) others.discardResponseBodies = true;
  if (draw.chance(0.2)) others.noConnectionReuse = true;
  if (draw.chance(0.2)) others.summaryTrendStats = ['min', 'avg', 'med', 'p(90)', 'p(95)', 'max', 'count'];
  // A limit of requests per second would change how many iterations fit into a time.
  if (scenarios.every(isFixed) && draw.chance(0.5)) {
    const requests = scenarios.reduce((sum, { exec, iterations }) => sum + iterations * FUNCTIONS[exec], 0);
    others.rps = Math.max(20, Math.ceil(requests / 2));
  }
  return others;
}
