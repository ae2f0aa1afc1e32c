export const options = { vus: 3, iterations: 3 };

if (__VU > 0) throw new Error('no VU can begin');

export default function () {}
