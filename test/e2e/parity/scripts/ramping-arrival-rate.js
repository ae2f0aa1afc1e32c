export const options = {
  scenarios: {
    arrivals: {
      executor: 'ramping-arrival-rate',
      startRate: 10,
      timeUnit: '1s',
      stages: [
        { duration: '500ms', target: 40 },
        { duration: '500ms', target: 10 },
      ],
      preAllocatedVUs: 6,
    },
  },
};

export default function () {}
