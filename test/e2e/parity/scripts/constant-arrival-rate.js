export const options = {
  scenarios: {
    arrivals: { executor: 'constant-arrival-rate', rate: 30, timeUnit: '1s', duration: '1s', preAllocatedVUs: 6, maxVUs: 6 },
  },
};

export default function () {}
