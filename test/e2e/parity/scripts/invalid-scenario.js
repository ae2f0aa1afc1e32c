export const options = {
  scenarios: { all: { executor: 'shared-iterations', vus: 5, iterations: 3 } },
};

export default function () {}
