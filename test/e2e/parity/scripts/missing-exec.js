export const options = {
  scenarios: { all: { executor: 'shared-iterations', vus: 3, iterations: 3, exec: 'nowhere' } },
};

export default function () {}
