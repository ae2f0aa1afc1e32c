// k6 only warns.
export const options = { vus: 3, iterations: 3, vu: 4, thresholds: { iterations: ['count==3'] } };

export default function () {}
