import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { makeStacks } from '../../../lib/fleet-stack.ts';
import { newApp } from './synth.ts';

const CONFIGURATIONS = {
  'the default one': {},
  'one with all': {
    image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/fleet/task:1',
    demoTarget: true,
    spot: true,
    verdictEmail: 'team@example.com',
    target: { services: [{ cluster: 'prod', service: 'api' }], database: 'prod', stopAlarms: ['burning'] },
  },
  'one in an existing network': { vpc: { vpcId: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] } },
  'one that observes another account': {
    target: {
      services: [{ cluster: 'prod', service: 'api' }],
      observerRoleArn: 'arn:aws:iam::210987654321:role/observer',
    },
  },
};

describe('cdk-nag AwsSolutions', () => {
  it.each(Object.entries(CONFIGURATIONS))('finds nothing in %s', (_, options) => {
    const app = newApp({ demoImage: 'registry.example/demo:1', ...options });
    makeStacks(app);
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    expect(violations.map(({ ruleName, violatingResources }) => ({ ruleName, violatingResources }))).toEqual([]);
  });
});
