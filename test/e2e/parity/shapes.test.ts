import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import { K6Exit } from '../../../core/contract/exit-codes.ts';
import { Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';
import { differences } from './compare.ts';
import { type PlainTruth, runPlain } from './plain.ts';
import { scriptOf } from './shapes/script.ts';
import { drawShape } from './shapes/shape.ts';
import { hasUndecided, LAG_SECONDS, LEAD_SECONDS, toleranceOf } from './shapes/tolerance.ts';

// Each test runs up to five k6 at once.
vi.setConfig({ maxConcurrency: 2 });

const { K6_FLEET_PARITY_SEED, K6_FLEET_PARITY_SHAPES } = process.env;
const seed = K6_FLEET_PARITY_SEED === undefined ? randomInt(1_000_000) : Number(K6_FLEET_PARITY_SEED);
const howMany = Number(K6_FLEET_PARITY_SHAPES ?? 5);

const sandbox = await Sandbox.create();
const server = await startServer();

const replay = (index: number) => `K6_FLEET_PARITY_SEED=${seed} npm run parity -- -t 'shape ${index} '`;
process.stderr.write(`parity: ${howMany} shapes of options of seed ${seed}\n`);

describe.concurrent(`options drawn with the seed ${seed}`, () => {
  test.each(Array.from({ length: howMany }, (_, index) => index))('shape %i of them', async (index) => {
    const shape = drawShape(seed, index);
    const text = scriptOf(shape);
    const ours = await sandbox.within(`shape-${index}`);
    const script = await ours.script('script.js', text);
    const theirs = `${ours.dir}.plain`;
    await mkdir(theirs);

    const [plain, fleet] = await Promise.all([
      runPlain(script, theirs, { BASE_URL: server.url }),
      ours.run(script, ['--tasks', String(shape.tasks), '-e', `BASE_URL=${server.url}`]),
    ]);

    const context = `replay: ${replay(index)}\n${text}\n${fleet.stdout}\n${fleet.stderr}`;
    const tolerance = toleranceOf(shape, plain, fleet.result);
    expect(differences(plain, fleet.result, tolerance), context).toEqual([]);
    const { ok, thresholdsFailed } = K6Exit;
    if (hasUndecided(plain, tolerance)) expect([ok, thresholdsFailed], context).toContain(fleet.code);
    else expect(fleet.code, context).toBe(plain.ended.code);
    if (!shape.aborts) return;
    expect(plain.ended.stderr, context).toContain('at least one has abortOnFail');
    expect(fleet.result?.stop?.kind, context).toBe('threshold');
    const later = (fleet.result?.run.testRunDurationMs ?? 0) / 1000 - testSeconds(plain);
    expect(later, context).toBeLessThanOrEqual(LAG_SECONDS);
    expect(later, context).toBeGreaterThanOrEqual(-LEAD_SECONDS);
  });
});

/** How long plain k6 took for setup, load and teardown, s: what the rates in its summary are per. */
function testSeconds({ summary }: PlainTruth): number {
  const { count, rate } = summary?.metrics.iterations ?? {};
  return Number(count) / Number(rate);
}
