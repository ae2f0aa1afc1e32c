// custom-metrics-test.js
import http from 'k6/http';
import { check, Trend } from 'k6';

const dashboardLoadTime = new Trend('dashboard_load_time');

export const options = {
  thresholds: {
    dashboard_load_time: ['p(95)<2000'], // 95% of dashboard loads < 2s
    http_req_duration: ['avg<1000'],     // Average response < 1s
  },
};

export default function () {
  const response = http.get('https://api.financial-dashboard.com/api/dashboard');
  
  dashboardLoadTime.add(response.timings.duration);
  
  check(response, {
    'dashboard loads quickly': (r) => r.timings.duration < 3000,
  });
}
