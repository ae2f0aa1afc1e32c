import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { localPurge } from '../../../cli/purge.ts';
import { RunFiles } from '../../../core/contract/run-files.ts';
import { controlOf, initialState } from '../../../core/run/state.ts';
import { DirStore } from '../../../stores/dir.ts';
import { planOf } from '../../support/sim/plan.ts';

const dir = await mkdtemp(join(tmpdir(), 'purge-'));
afterAll(() => rm(dir, { recursive: true }));
beforeEach(() => rm(join(dir, 'runs'), { recursive: true, force: true }));

const NOW = Date.UTC(2026, 10, 25);

/** A run without a result, whose coordinator has renewed its lease until `leaseUntil`. */
async function stored(id: string, leaseUntil: number | null): Promise<void> {
  const files = new RunFiles(new DirStore(dir), id);
  const plan = { ...planOf(), id, createdAt: new Date(NOW - 1000).toISOString() };
  await files.putPlan(plan);
  if (leaseUntil !== null) await files.swapControl(controlOf(initialState(plan, NOW), leaseUntil), null);
}

const purge = () => localPurge(dir, () => NOW);

test('deletes the runs that are named, and no other', async () => {
  for (const id of ['a', 'b', 'c']) await stored(id, NOW - 1);
  await purge().assertDeletable(['a', 'c']);
  await purge().delete(['a', 'c']);
  expect(await readdir(join(dir, 'runs'))).toEqual(['b']);
});

test.each(['nope', '..', 'a/../b', ''])('an unknown run is refused, and nothing is deleted: %j', async (id) => {
  await stored('a', NOW - 1);
  await expect(purge().assertDeletable(['a', id])).rejects.toMatchObject({
    exitCode: 104,
    message: `nothing was deleted: there is no run "${id}" in ${dir}; see k6-fleet runs --store ${dir}`,
  });
});

test.each([
  ['its lease holds', NOW + 1, ['a']],
  ['it has just been started', null, ['a']],
  ['all are named', NOW + 1, 'all'],
] as const)('an active run is refused: %s', async (_, leaseUntil, chosen) => {
  await stored('a', leaseUntil);
  await expect(purge().assertDeletable(chosen)).rejects.toMatchObject({
    exitCode: 104,
    message: expect.stringContaining(`run a is still active: stop it first with k6-fleet stop a --store ${dir}`),
  });
});
