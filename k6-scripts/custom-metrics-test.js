// @ts-check
/** Custom metrics and thresholds. */

import { check } from 'k6';
import http from 'k6/http';
import { Trend } from 'k6/metrics';
import { BASE_URL, duration, vus } from './lib/env.js';

const dashboardLoadTime = new Trend('dashboard_load_time');

/** @type {import('k6/options').Options} */
export const options = {
  // Without these k6 would send a single request, and its percentiles would mean nothing.
  vus: vus(10),
  duration: duration('1m'),
  thresholds: {
    dashboard_load_time: ['p(95)<2000'], // 95% of dashboard loads < 2s
    http_req_duration: ['avg<1000'], // Average response < 1s
  },
};

export default function () {
  const response = http.get(`${BASE_URL}/api/dashboard`);

  dashboardLoadTime.add(response.timings.duration);

  check(response, {
    'dashboard loads quickly': (r) => r.timings.duration < 3000,
  });
}
