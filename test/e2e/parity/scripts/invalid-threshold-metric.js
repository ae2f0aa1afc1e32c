export const options = { vus: 3, iterations: 3, thresholds: { nowhere: ['count>1'] } };

export default function () {}
