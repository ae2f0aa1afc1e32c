// Installs the AWS emulator that the tests deploy to into .cache/emulator/venv, once: again only when its pins change.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const requirements = join(root, 'test', 'support', 'emulator', 'requirements.txt');
const cache = join(root, '.cache', 'emulator');
const venv = join(cache, 'venv');

/** The emulator's Python. */
export const emulatorPython = join(venv, 'bin', 'python');

function fail(message) {
  process.stderr.write(`k6-fleet: ${message}\n`);
  process.exit(1);
}

function needPython() {
  const check = spawnSync('python3', ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 11))'], {
    stdio: 'ignore',
  });
  if (check.status === 0) return;
  fail(
    'python3 3.11 or later with venv is missing: the tests run an AWS emulator, which needs it. ' +
      'Install it, for example with `apt install python3-venv`.',
  );
}

export function setupEmulator() {
  const wanted = readFileSync(requirements, 'utf8');
  const stampFile = join(cache, 'stamp');
  if (existsSync(emulatorPython) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  needPython();
  process.stderr.write('k6-fleet: installing the AWS emulator, once…\n');
  mkdirSync(cache, { recursive: true });
  rmSync(venv, { recursive: true, force: true });
  rmSync(stampFile, { force: true });
  const steps = [
    ['python3', '-m', 'venv', venv],
    [emulatorPython, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements],
  ];
  for (const [command, ...args] of steps) {
    if (spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status !== 0) {
      fail(`${[command, ...args].join(' ')} failed: see above`);
    }
  }
  writeFileSync(stampFile, wanted);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setupEmulator();
