export const options = { vus: 3, iterations: 10 };

export default function () {}
