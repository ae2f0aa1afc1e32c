// What handleSummary gets and returns: text and binary files, stdout, and the setup data.
import { check, group } from 'k6';
import exec from 'k6/execution';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

new Counter('unused_bytes', false);
new Trend('unused_time', true);
const counter = new Counter('counter');
const gauge = new Gauge('gauge');
const rate = new Rate('rate');
const trend = new Trend('trend');

export const options = {
  vus: 3,
  iterations: 8,
  summaryTrendStats: ['avg', 'min', 'max', 'count'],
  summaryTimeUnit: 'ms',
  thresholds: {
    unused_bytes: ['count==0'],
    unused_time: ['max==0'],
    'trend{a:b}': ['max==8', 'max<0'],
    counter: ['count==8'],
    rate: ['rate<0.5'],
    gauge: ['value>0'],
  },
};

export function setup() {
  return { token: 'abc', list: [1, null, { deep: true }] };
}
export default function () {
  counter.add(1);
  gauge.add(5);
  rate.add(true);
  trend.add(exec.scenario.iterationInTest + 1, { a: 'b' });
  group('one', () => group('two', () => check(1, { yes: () => true, no: () => false })));
}

// These differ from run to run.
const uneven = ['data_received', 'data_sent', 'iteration_duration', 'group_duration', 'vus', 'vus_max'];

/** The same with the keys of all objects in order: k6 promises none. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

export function handleSummary(data) {
  const copy = JSON.parse(JSON.stringify(data));
  const { metrics, state } = copy;
  for (const name of uneven) delete metrics[name];
  for (const { type, values } of Object.values(metrics)) if (type === 'counter') values.rate = typeof values.rate;
  state.testRunDurationMs = typeof state.testRunDurationMs;
  return {
    'data.json': JSON.stringify(sorted(copy), null, 2),
    'bytes.bin': new Uint8Array([0, 255, 1, 254]).buffer,
    'empty.txt': '',
    stdout: 'the summary of the script\n',
    stderr: 'and a word aside\n',
  };
}
