export const options = { vus: 3, iterations: 3 };

export default function () {}
export function handleSummary() {
  return {};
}
