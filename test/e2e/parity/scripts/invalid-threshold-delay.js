export const options = { vus: 3, iterations: 3, thresholds: { iterations: [{ threshold: 'count==3', abortOnFail: true, delayAbortEval: 'soon' }] } };

export default function () {}
