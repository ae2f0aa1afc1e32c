/** The CDK app: reads the configuration, makes the stacks. */
import { App } from 'aws-cdk-lib';
import { ConfigError } from '../lib/config.ts';
import { makeStacks } from '../lib/fleet-app.ts';

// Synthesized by hand: on its own, an app would also write out what a mistake has left half-made.
const app = new App({ autoSynth: false });
try {
  makeStacks(app);
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`k6-fleet: ${error.message}\n`);
  process.exitCode = 1;
}
