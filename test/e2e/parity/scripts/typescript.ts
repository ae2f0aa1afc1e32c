import type { Options } from 'k6/options';
import { Counter } from 'k6/metrics';
import { weigh, type Weight } from './files/typescript-lib.ts';

const calls = new Counter('calls');

export const options: Options = { vus: 3, iterations: 6, thresholds: { calls: ['count==18'] } };

enum Kind {
  Light = 1,
  Heavy = 3,
}

export default function (): void {
  const weight: Weight = { of: Kind.Heavy };
  calls.add(weigh(weight));
}
