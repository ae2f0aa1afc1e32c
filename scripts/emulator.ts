/**
 * npm run emulator: our stack deployed on an AWS of this machine, for tries by hand without an account. Prints what a
 * shell needs to use it, then stays until Ctrl-C.
 */
import { bootstrap, deploy } from '../test/support/emulator/cdk.ts';
import { ASSET_IMAGES, startEmulator } from '../test/support/emulator/emulator.ts';
import { buildImage } from './build-image.mjs';

const STACK = 'K6Fleet';
/** What of the environment the emulator sets. */
const SHOWN = /^(AWS_|NODE_EXTRA_CA_CERTS|K6_FLEET_STACK)/;

const say = (text: string) => process.stderr.write(`k6-fleet: ${text}\n`);

const image = await buildImage();
say('starting the emulator…');
const emulator = await startEmulator({ iam: true, images: { [ASSET_IMAGES]: image } });
const over = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
});
try {
  say(`deploying ${STACK}…`);
  await bootstrap(emulator);
  const context = Object.fromEntries(process.argv.slice(2).map((text) => text.split(/=(.*)/s).slice(0, 2)));
  await deploy(emulator, { app: `${process.execPath} --import tsx bin/app.ts`, stacks: [STACK], context });
  const env = Object.entries({ ...emulator.env, K6_FLEET_STACK: STACK }).filter(([name]) => SHOWN.test(name));
  process.stdout.write(`${env.map(([name, value]) => `export ${name}=${value}`).join('\n')}\n`);
  say('ready: export the variables above in another shell, then node dist/cli.js run …; Ctrl-C here ends it');
  await over;
} finally {
  await emulator.stop();
}
