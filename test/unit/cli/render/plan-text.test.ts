import { expect, test } from 'vitest';
import { estimateText } from '../../../../cli/render/plan-text.ts';
import { estimate } from '../../../../core/aws/cost.ts';
import { awsPlan, stackInfo } from '../../../support/aws-samples.ts';

test('a duration that is only a maximum makes the cost one too', () => {
  const plan = awsPlan({ tasks: 2 });
  const fixed = { ...plan, scenarios: plan.scenarios.map((scenario) => ({ ...scenario, iterations: 7 })) };
  const text = (of: typeof plan) => estimateText(estimate(of, stackInfo()), 100, false);

  expect(text(plan)).toMatch(/^cost +about \$0\.\d+ in total, \$0\.\d+ per hour: /m);
  expect(text(fixed)).toMatch(/^cost +at most \$0\.\d+ in total, \$0\.\d+ per hour: /m);
});
