import { x } from './files/nowhere.js';

export const options = { vus: 3, iterations: 3 };

export default function () {
  return x;
}
