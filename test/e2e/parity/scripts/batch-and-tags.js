// Tags of the whole run, of a request and of a VU.
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter } from 'k6/metrics';

const mine = new Counter('mine');

export const options = {
  vus: 3,
  iterations: 9,
  tags: { release: 'r1' },
  systemTags: ['status', 'name', 'scenario'],
  thresholds: {
    'http_reqs{release:r1}': ['count==18'],
    'http_reqs{part:a}': ['count==9'],
    'http_reqs{part:a,release:r1}': ['count==9'],
    'http_reqs{method:GET}': ['count==0'],
    'mine{phase:one}': ['count==9'],
    'mine{phase:two}': ['count<1'],
  },
};

export default function () {
  const url = `${__ENV.BASE_URL}/x`;
  http.batch([
    ['GET', url, null, { tags: { part: 'a' } }],
    ['GET', url, null, { tags: { part: 'b' } }],
  ]);
  exec.vu.metrics.tags.phase = 'one';
  mine.add(1);
}
