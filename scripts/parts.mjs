// What `npm run check` and `npm test` are made of: parts that count what passed, failed and was skipped.
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ name: string, takes: string, covers: string, run: () => Promise<Counts> }} Part
 *   `takes`: about how long on 2 cores. `covers`: what it checks, for the announcement.
 */

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const PASSED = { passed: 1, failed: 0, skipped: 0 };
export const FAILED = { passed: 0, failed: 1, skipped: 0 };
export const SKIPPED = { passed: 0, failed: 0, skipped: 1 };

export const note = (line) => process.stderr.write(`${line}\n`);

/** @param {Counts[]} counts */
export const sumOf = (counts) =>
  counts.reduce(
    (sum, { passed, failed, skipped }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );

/** Such as `12 passed, 0 failed`, and `, 3 skipped` if some are. CI reads this line, the last that a command prints. */
export const countsText = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

/** Such as `4.2 s`, `73 s` or `9 min 5 s`. */
export function secondsText(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 10) return `${(ms / 1000).toFixed(1)} s`;
  return seconds < 100 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/**
 * Runs a command to its end.
 * @param {{ cwd?: string, capture?: 'stdout' | 'all' }} options `capture`: returned instead of shown
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function runCommand(file, args, { cwd = root, capture } = {}) {
  return new Promise((resolve) => {
    const stdout = capture === undefined ? 'inherit' : 'pipe';
    const stderr = capture === 'all' ? 'pipe' : 'inherit';
    const child = spawn(file, args, { cwd, stdio: ['ignore', stdout, stderr] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', (error) => {
      note(error.code === 'ENOENT' ? `${file} is not on the PATH: install it` : error.message);
      resolve({ ok: false, output });
    });
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/** Says what will run, and about how long it takes. */
export function announce(title, parts) {
  const width = Math.max(...parts.map(({ name }) => name.length));
  const takesWidth = Math.max(...parts.map(({ takes }) => takes.length));
  note(title);
  for (const { name, takes, covers } of parts)
    note(`  ${name.padEnd(width)}  ${takes.padStart(takesWidth)}  ${covers}`.trimEnd());
}

/**
 * Runs parts one after another; a failed part does not stop the next.
 * @param {Part[]} parts
 * @returns the line of each part, and all counts together
 */
export async function runParts(parts) {
  const lines = [];
  const counts = [];
  const width = Math.max(...parts.map(({ name }) => name.length));
  for (const { name, run } of parts) {
    note(`\n── ${name}`);
    const startedAt = performance.now();
    const count = await run();
    counts.push(count);
    lines.push(
      `${name.padEnd(width)}  ${secondsText(performance.now() - startedAt).padStart(10)}  ${countsText(count)}`,
    );
  }
  return { lines, counts: sumOf(counts) };
}
