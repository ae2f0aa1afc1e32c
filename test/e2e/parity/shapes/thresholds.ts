import type { Draw } from './draw.ts';
import { type DrawnScenario, FUNCTIONS } from './scenarios.ts';

export type Threshold = string | { threshold: string; abortOnFail: boolean; delayAbortEval?: string };
/** By metric or sub-metric, as in a script's options. */
export type Thresholds = Record<string, Threshold[]>;

interface Load {
  scenarios: Record<string, DrawnScenario>;
  aborts: boolean;
}

/** Thresholds on metrics that the script has. Most are far from their limit, so that they hold or fail for sure. */
export function drawThresholds(draw: Draw, load: Load): Thresholds {
  const thresholds: Thresholds = {};
  const add = (metric: string, threshold: Threshold) => {
    const others = thresholds[metric] ?? [];
    // k6's summary has equal ones once.
    if (!others.includes(threshold)) thresholds[metric] = [...others, threshold];
  };
  for (let drawn = draw.int(1, 5); drawn > 0; drawn -= 1) {
    const [metric, expression] = drawThreshold(draw, load.scenarios);
    add(metric, expression);
  }
  if (load.aborts) {
    const delay = draw.pick([null, '1s', '3s']);
    add(draw.pick(['iterations', 'calls', 'http_reqs']), {
      threshold: `count<${draw.int(1, 30)}`,
      abortOnFail: true,
      ...(delay === null ? {} : { delayAbortEval: delay }),
    });
  } else if (draw.chance(0.4)) {
    // Holds from the first judgement on.
    add('http_req_failed', { threshold: 'rate<0.95', abortOnFail: true });
    add('calls', { threshold: 'count<100000', abortOnFail: true, delayAbortEval: '1s' });
  }
  return thresholds;
}

function drawThreshold(draw: Draw, scenarios: Load['scenarios']): [metric: string, expression: string] {
  const [name, scenario] = draw.pick(Object.entries(scenarios));
  const all = Object.values(scenarios);
  const iterations = all.reduce((sum, each) => sum + each.iterations, 0);
  const requests = all.reduce((sum, each) => sum + each.iterations * FUNCTIONS[each.exec], 0);
  const seconds = Math.max(...all.map((each) => each.seconds));
  switch (draw.int(0, 13)) {
    case 0:
      return ['iterations', count(draw, iterations)];
    case 1:
      return [`iterations{scenario:${name}}`, count(draw, scenario.iterations)];
    case 2:
      return ['http_reqs', count(draw, requests)];
    case 3:
      return ['http_reqs{kind:read}', count(draw, requests / 2)];
    case 4:
      return ['calls', count(draw, iterations)];
    case 5:
      return ['checks', draw.pick(['rate>0.05', 'rate>0.6', 'rate>=0.999', 'rate==1'])];
    case 6:
      return ['http_req_failed', draw.pick(['rate<0.9', 'rate<0.05', 'rate==0'])];
    case 7:
      return ['http_req_duration', draw.pick(['p(95)<5000', 'med<5000', 'max>5000', 'avg<0.0001'])];
    case 8:
      return ['spread', draw.pick(['max<10', 'p(90)<=9', 'avg<=4', 'med>=2', 'min==0'])];
    case 9:
      return ['iteration_duration', draw.pick(['min>=30', 'p(95)<5000', 'avg>5000'])];
    case 10:
      return ['iterations', `rate>${((iterations / seconds) * draw.pick([0.1, 10])).toFixed(3)}`];
    case 11:
      return ['group_duration{group:::page}', draw.pick(['p(95)<5000', 'max<0.0001'])];
    case 12:
      return ['calls{kind:nowhere}', draw.pick(['count<1', 'count>0'])];
    default:
      return [draw.pick(['vus', 'vus_max']), draw.pick(['value<=200', 'value<=200', 'value>200'])];
  }
}

/** Mostly far from the limit; where the number is exact, at the very limit too. */
function count(draw: Draw, expected: number): string {
  const limit = Math.round(expected);
  const far = [`>${Math.floor(limit / 3)}`, `<${limit * 3 + 3}`, `>${limit * 3 + 3}`];
  return `count${draw.pick([...far, `>=${limit}`, `<=${limit}`])}`;
}
