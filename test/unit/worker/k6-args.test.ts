import { expect, it } from 'vitest';
import { loadArgs, setupArgs } from '../../../worker/k6-args.ts';
import { samplePlan } from '../cli/render/samples.ts';

const environment = { env: { TOKEN: 'abc', 'A+B,C': 'abc', BASE_URL: 'http://x' }, secrets: ['abc'], blockedIPs: [] };

it('names the variables whose values are secrets, never the values', () => {
  for (const args of [loadArgs(samplePlan, 0, 'a.tar', environment), setupArgs(samplePlan, 'a.tar', environment)]) {
    expect(args).toContain('--out=fleet=fd=3,cell=1s,redact=TOKEN+A%2BB%2CC');
    expect(args.join(' ')).not.toContain('abc');
  }
  const open = loadArgs(samplePlan, 0, 'a.tar', { ...environment, secrets: [] });
  expect(open).toContain('--out=fleet=fd=3,cell=1s');
});
