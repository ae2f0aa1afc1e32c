export const options = { vus: 3, iterations: 3, thresholds: { 'http_reqs{}': ['count>=0'] } };

export default function () {}
