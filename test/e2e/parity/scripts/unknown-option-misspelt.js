// k6 only warns: the threshold does not exist.
export const options = { vus: 3, iterations: 3, treshholds: { iterations: ['count<1'] } };

export default function () {}
