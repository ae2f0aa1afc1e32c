import type { App } from 'aws-cdk-lib';
import { readConfig } from './config.ts';
import { DemoTargetStack } from './demo-target-stack.ts';
import { FleetStack } from './fleet-stack.ts';

/**
 * Makes the stacks that the app's context asks for. Where there is a demo target and no other, it is the fleet's target.
 * Then CloudFormation keeps the demo for as long as the fleet refers to it: destroy both, or deploy the fleet without it
 * first. Stacks know neither account nor region: one template for all, and nothing is looked up.
 * @throws ConfigError
 */
export function makeStacks(app: App): { fleet: FleetStack; demoTarget: DemoTargetStack | null } {
  const config = readConfig(app.node);
  const demoTarget = config.demoTarget ? new DemoTargetStack(app, config) : null;
  const target = config.target ?? demoTarget?.target ?? null;
  return { fleet: new FleetStack(app, { config, target }), demoTarget };
}
