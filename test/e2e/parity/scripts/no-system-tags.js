// Without the group and check tags k6's own thresholds still work; the lists of groups and checks are the runner's.
import { check, group } from 'k6';
import http from 'k6/http';

export const options = {
  vus: 3,
  iterations: 6,
  systemTags: ['status'],
  thresholds: { checks: ['rate==0.5'], 'http_reqs{status:200}': ['count==6'], 'http_reqs{name:x}': ['count==0'] },
};

export default function () {
  group('one', () => check(http.get(__ENV.BASE_URL), { yes: () => true, no: () => false }));
}
