// What a fresh clone needs before it can run: npm packages, the bundles in dist/, k6.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildK6 } from './build-k6.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installed = join(root, 'node_modules', '.installed-from');

export function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) return;
  process.stderr.write('k6-fleet: installing npm packages, once…\n');
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.status !== 0) {
    process.stderr.write('k6-fleet: npm ci failed: see above\n');
    process.exit(1);
  }
  writeFileSync(installed, lock);
}

export async function setup() {
  installPackages();
  const { buildBundles } = await import('./build-bundles.mjs');
  await buildBundles();
  buildK6();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup();
