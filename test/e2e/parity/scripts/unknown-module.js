import x from 'k6/nowhere';

export const options = { vus: 3, iterations: 3 };

export default function () {
  return x;
}
