export const options = {
  vus: 3,
  iterations: 6,
  minIterationDuration: '300ms',
  thresholds: { iterations: ['count==6'] },
};

export default function () {}
