/**
 * npm run emulator: deploys our stack to an emulated AWS account on this machine, for manual tests. Prints the variables
 * that a shell needs to use it, and runs until Ctrl-C.
 */
import { bootstrap, deploy } from '../test/support/emulator/cdk.ts';
import { ASSET_IMAGES, startEmulator } from '../test/support/emulator/emulator.ts';
import { buildImage } from './build-image.mjs';

const STACK = 'K6Fleet';
/** The variables that the emulator sets. */
const EXPORTED = /^(AWS_|NODE_EXTRA_CA_CERTS|K6_FLEET_STACK)/;

const log = (text: string) => process.stderr.write(`k6-fleet: ${text}\n`);

const image = await buildImage();
log('starting the emulator…');
const emulator = await startEmulator({ iam: true, images: { [ASSET_IMAGES]: image } });
const signalled = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
});
try {
  log(`deploying ${STACK}…`);
  await bootstrap(emulator);
  const context = Object.fromEntries(process.argv.slice(2).map((text) => text.split(/=(.*)/s).slice(0, 2)));
  await deploy(emulator, { app: `${process.execPath} --import tsx bin/app.ts`, stacks: [STACK], context });
  const env = Object.entries({ ...emulator.env, K6_FLEET_STACK: STACK }).filter(([name]) => EXPORTED.test(name));
  process.stdout.write(`${env.map(([name, value]) => `export ${name}=${value}`).join('\n')}\n`);
  log('ready: export the variables above in another shell, then node dist/cli.js run …; stop it with Ctrl-C');
  await signalled;
} finally {
  await emulator.stop();
}
