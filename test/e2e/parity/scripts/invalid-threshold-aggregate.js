export const options = { vus: 3, iterations: 3, thresholds: { http_req_failed: ['p(95)<1'] } };

export default function () {}
