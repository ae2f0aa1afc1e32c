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

const times = ['data_received', 'data_sent', 'iteration_duration', 'group_duration', 'vus', 'vus_max'];

export function handleSummary(data) {
  const metrics = {};
  for (const name of Object.keys(data.metrics).sort()) {
    if (times.includes(name)) continue;
    const { type, contains, values, thresholds } = data.metrics[name];
    metrics[name] = { type, contains, values: { ...values, rate: type === 'counter' ? typeof values.rate : values.rate } };
    metrics[name].values = Object.fromEntries(Object.entries(metrics[name].values).sort());
    metrics[name].thresholds = thresholds;
  }
  const { options, root_group, setup_data, state } = data;
  const shape = { keys: Object.keys(data).sort(), state: Object.keys(state).sort(), tty: state.isStdOutTTY };
  return {
    'data.json': JSON.stringify({ metrics, options, root_group, setup_data, shape }, null, 2),
    'bytes.bin': new Uint8Array([0, 255, 1, 254]).buffer,
    'empty.txt': '',
    stdout: 'the summary of the script\n',
    stderr: 'and a word aside\n',
  };
}
