// npm test: every check of the project. `npm test -- <arguments>` hands them to vitest, such as a path of tests.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, whyNoImage } from './build-image.mjs';
import { announce, countsText, FAILED, note, PASSED, root, runCommand, runParts, SKIPPED } from './parts.mjs';
import { setup } from './setup.mjs';
import { setupEmulator } from './setup-emulator.mjs';
import { staticChecks } from './static-checks.mjs';

const reports = mkdtempSync(join(tmpdir(), 'k6-fleet-reports-'));
/** Names of what was skipped, with the reason if it is known, and how many tests each has. */
const skipped = new Map();

/** The image that the tests on the emulated AWS run: built before them, so that they do not all wait for it. */
async function image() {
  const reason = whyNoImage();
  if (reason !== null) {
    skipped.set(`the build of the image: ${reason}`, 1);
    return SKIPPED;
  }
  try {
    await buildImage();
    return PASSED;
  } catch (error) {
    note(error.message);
    return FAILED;
  }
}

async function goTests() {
  const { ok, output } = await runCommand('go', ['test', '-json', './...'], {
    cwd: join(root, 'k6'),
    capture: 'stdout',
  });
  const events = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  const count = (action) => events.filter((event) => event.Test !== undefined && event.Action === action).length;
  if (!ok) for (const { Output } of events) process.stdout.write(Output ?? '');
  // A package that does not compile has no tests to fail.
  return { passed: count('pass'), failed: ok ? 0 : Math.max(1, count('fail')), skipped: count('skip') };
}

async function vitest(args) {
  const file = join(reports, 'vitest.json');
  rmSync(file, { force: true });
  const { ok } = await runCommand(join(root, 'node_modules', '.bin', 'vitest'), [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...args,
  ]);
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return FAILED;
  }
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const notRun = tests.filter(({ status }) => status === 'skipped' || status === 'pending');
  for (const { ancestorTitles, title } of notRun) {
    const name = [...ancestorTitles, title].find((part) => part.includes('(skipped: ')) ?? ancestorTitles[0] ?? title;
    skipped.set(name, (skipped.get(name) ?? 0) + 1);
  }
  return {
    passed: report.numPassedTests,
    failed: ok ? 0 : Math.max(1, report.numFailedTests),
    skipped: notRun.length,
  };
}

const CHECKS = {
  name: 'static checks',
  takes: '20 s',
  covers: 'types, lint, import rules, dead code, docs (npm run check)',
  run: staticChecks,
};
const GO = { name: 'Go tests', takes: '10 s', covers: "k6's output extension", run: goTests };
const IMAGE = { name: 'image', takes: '1 min', covers: 'the image of a task, built by buildah', run: image };
const UNIT = {
  name: 'unit tests',
  takes: '45 s',
  covers: 'each part by itself (npm run test:unit)',
  run: () => vitest(['--project', 'unit']),
};
const E2E = {
  name: 'end-to-end tests',
  takes: '9 min',
  covers: 'real k6, real processes, and an emulated AWS',
  run: () => vitest(['--project', 'e2e']),
};

const args = process.argv.slice(2);
const chosen = { name: 'chosen tests', takes: '', covers: `vitest run ${args.join(' ')}`, run: () => vitest(args) };
const parts = args.length > 0 ? [CHECKS, GO, IMAGE, chosen] : [CHECKS, GO, UNIT, IMAGE, E2E];

announce(
  args.length > 0
    ? 'npm test with arguments for vitest. What runs, and how long it takes on 2 cores:'
    : 'npm test: about 12 minutes on 2 cores, and 5 minutes of set-up the first time. What runs:',
  parts,
);
await setup();
setupEmulator();
const { lines, counts } = await runParts(parts);
rmSync(reports, { recursive: true, force: true });
note(`\n${lines.join('\n')}`);
if (skipped.size > 0) note('\nSkipped:');
for (const [name, tests] of skipped) note(`  ${name}${tests > 1 ? `, ${tests} tests` : ''}`);
process.stdout.write(`\n${countsText(counts)}\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;
