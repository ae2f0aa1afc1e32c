import exec from 'k6/execution';
import { Trend } from 'k6/metrics';

const trend = new Trend('parts');

export const options = {
  vus: 3,
  iterations: 30,
  thresholds: {
    parts: ['max<1000'],
    'parts{part:0}': ['max<28', 'p(50)==13.5'],
    'parts{part:1}': ['max<28', 'p(50)==14.5'],
    'parts{part:0,scenario:default}': ['avg==13.5'],
    'parts{ part : "2" }': ['min==2'],
    'parts{part:3}': ['max<1', 'med==0'],
  },
};

export default function () {
  const i = exec.scenario.iterationInTest;
  trend.add(i, { part: String(i % 3) });
}
