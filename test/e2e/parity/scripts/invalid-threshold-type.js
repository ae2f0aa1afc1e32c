export const options = { vus: 3, iterations: 3, thresholds: { iterations: 'count==3' } };

export default function () {}
