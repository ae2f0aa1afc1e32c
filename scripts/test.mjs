// npm test: every check of the project, in one go. Ends with `N passed, N failed` for all of them together.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImage, whyNoImage } from './build-image.mjs';
import { setup } from './setup.mjs';
import { setupEmulator } from './setup-emulator.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const reports = mkdtempSync(join(tmpdir(), 'k6-fleet-reports-'));

/** Runs a command with its output on ours; returns whether it succeeded, and what it printed where asked. */
function run(title, file, args, { cwd = root, capture = false } = {}) {
  process.stderr.write(`\n── ${title}\n`);
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'] });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.once('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve({ ok: false, output });
    });
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/** A command that passes or fails as a whole. */
const check = async (title, file, args, options) => {
  const { ok } = await run(title, file, args, options);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
};

/** The image that the tests on the emulated AWS run; before them, so that they do not wait for it side by side. */
async function image() {
  process.stderr.write('\n── image\n');
  const why = whyNoImage();
  if (why !== null) {
    process.stderr.write(`not built: ${why}\n`);
    return { passed: 0, failed: 0 };
  }
  try {
    await buildImage();
    return { passed: 1, failed: 0 };
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return { passed: 0, failed: 1 };
  }
}

async function goTests() {
  const { ok, output } = await run('Go tests', 'go', ['test', '-json', './...'], {
    cwd: join(root, 'k6'),
    capture: true,
  });
  const events = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  const count = (action) => events.filter((event) => event.Test !== undefined && event.Action === action).length;
  const failed = count('fail');
  if (!ok) for (const { Output } of events) process.stdout.write(Output ?? '');
  // A package that does not compile has no tests to fail.
  return { passed: count('pass'), failed: ok ? failed : Math.max(1, failed) };
}

async function vitest(args) {
  const file = join(reports, 'vitest.json');
  const { ok } = await run('TypeScript tests', bin('vitest'), [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...args,
  ]);
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, 'utf8'));
    return { passed: numPassedTests, failed: ok ? numFailedTests : Math.max(1, numFailedTests) };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

await setup();
setupEmulator();
const totals = [
  await check('types', bin('tsc'), ['-p', root]),
  await check('types of the k6 scripts', bin('tsc'), ['-p', join(root, 'k6-scripts')]),
  await check('lint and import rules', bin('biome'), ['check', '--error-on-warnings']),
  await check('dead code', bin('knip'), []),
  await check('Go vet', 'go', ['vet', './...'], { cwd: join(root, 'k6') }),
  await goTests(),
  await image(),
  await vitest(process.argv.slice(2)),
];
rmSync(reports, { recursive: true, force: true });
const sum = (key) => totals.reduce((total, result) => total + result[key], 0);
process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') === 0 ? 0 : 1;
