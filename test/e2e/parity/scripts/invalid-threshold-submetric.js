export const options = { vus: 3, iterations: 3, thresholds: { 'http_reqs{status:200': ['count>=0'] } };

export default function () {}
