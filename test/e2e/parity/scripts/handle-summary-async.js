export const options = { vus: 3, iterations: 3, thresholds: { iterations: ['count<3'] } };

export default function () {}
export async function handleSummary(data) {
  await Promise.resolve();
  return { stdout: `${data.metrics.iterations.values.count} iterations\n` };
}
