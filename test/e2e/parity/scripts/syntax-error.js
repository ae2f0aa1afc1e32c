export const options = { vus: 3, iterations: 3 };

export default function () {
  const = 1;
}
