export const options = { scenarios: { all: { executor: 'whenever', vus: 3 } } };

export default function () {}
