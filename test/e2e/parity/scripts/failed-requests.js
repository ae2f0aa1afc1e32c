// Requests that never get an answer, and statuses that the script calls expected.
import http from 'k6/http';

export const options = {
  vus: 3,
  iterations: 6,
  thresholds: {
    http_reqs: ['count==18'],
    http_req_failed: ['rate>0.66', 'rate<0.67'],
    'http_req_failed{expected_response:true}': ['rate==0'],
    'http_reqs{status:0}': ['count==6'],
    'http_reqs{error_code:1212}': ['count>=0'],
  },
};

http.setResponseCallback(http.expectedStatuses(404));

export default function () {
  http.get('http://127.0.0.1:1/');
  http.get(`${__ENV.BASE_URL}/status/404`);
  http.get(`${__ENV.BASE_URL}/status/200`);
}
