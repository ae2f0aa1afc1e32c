export const options = { vus: 3, iterations: 3, thresholds: { http_req_duration: ['p(101)<1'] } };

export default function () {}
