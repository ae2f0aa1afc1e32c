/** The CDK app. */
import { App } from 'aws-cdk-lib';
import { ConfigError } from '../lib/config.ts';
import { makeStacks } from '../lib/fleet-stack.ts';

// No autoSynth: it would write half-made stacks on exit, even after a ConfigError.
const app = new App({ autoSynth: false });
try {
  makeStacks(app);
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`k6-fleet: ${error.message}\n`);
  process.exitCode = 1;
}
