export const options = { vus: 3, iterations: 3 };

throw new Error('no way to begin');

export default function () {}
