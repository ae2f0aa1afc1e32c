// npm run check: the static checks, without any test. They need the npm packages and Go, but nothing built.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countsText, FAILED, note, PASSED, root, runCommand, secondsText, sumOf } from './parts.mjs';
import { installPackages } from './setup.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
const script = (name) => [process.execPath, '--import', 'tsx', join(root, 'scripts', 'checks', `${name}.ts`)];

/** Each passes or fails as a whole. */
const CHECKS = [
  ['types', bin('tsc'), '-p', root],
  ['types of the k6 scripts', bin('tsc'), '-p', join(root, 'k6-scripts')],
  ['lint, format, import rules', bin('biome'), 'check', '--error-on-warnings'],
  ['dead code', bin('knip')],
  ['exports that only tests use', bin('knip'), '--production'],
  ['links, flags, scripts and paths in the docs', ...script('docs')],
  ['places of the tests', ...script('test-tree')],
  ['go vet', 'go', '-C', join(root, 'k6'), 'vet', './...'],
];

/** Runs all; a failed one does not stop the next. */
export async function staticChecks() {
  const counts = [];
  for (const [name, file, ...args] of CHECKS) {
    const startedAt = performance.now();
    const { ok, output } = await runCommand(file, args, { capture: 'all' });
    if (!ok && output !== '') note(output.trimEnd());
    note(`${ok ? '✓' : '✗'} ${name} (${secondsText(performance.now() - startedAt)})`);
    counts.push(ok ? PASSED : FAILED);
  }
  return sumOf(counts);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installPackages();
  const counts = await staticChecks();
  process.stdout.write(`\n${countsText(counts)}\n`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
}
