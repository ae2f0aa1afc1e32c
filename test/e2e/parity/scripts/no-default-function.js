export const options = { vus: 3, iterations: 3 };
