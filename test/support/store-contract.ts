import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runKeys, taskKeys } from '../../core/contract/keys.ts';
import type { Store } from '../../core/ports.ts';
import type { RunIndex } from '../../stores/run-index.ts';

export const text = (body: Uint8Array | null | undefined) =>
  body === null || body === undefined ? null : new TextDecoder().decode(body);

export interface StoreUnderTest {
  /** A store that is empty, and apart from all others. */
  fresh(): Promise<Store & RunIndex>;
  /** Another one that holds the same, as another process would open it. */
  again(store: Store & RunIndex): Store & RunIndex;
  /** How often the model of `swap` is tried. */
  numRuns: number;
}

/** What every store promises. */
export function describeStore({ fresh, again, numRuns }: StoreUnderTest): void {
  describe('an object with one writer', () => {
    it('is null where it was never put', async () => {
      expect(await (await fresh()).get('runs/a/plan.json')).toBeNull();
    });

    it('is what was put last, byte for byte', async () => {
      const store = await fresh();
      const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);

      await store.put('a/b.gz', 'first');
      await store.put('a/b.gz', bytes);

      expect(new Uint8Array((await store.get('a/b.gz')) ?? [])).toEqual(bytes);
    });

    it('may be empty', async () => {
      const store = await fresh();
      await store.put('empty', '');

      expect(text(await store.get('empty'))).toBe('');
    });

    it('is seen whole while it is replaced', async () => {
      const store = await fresh();
      const bodies = ['a', 'b'].map((letter) => letter.repeat(300_000));
      await store.put('big', bodies[0] ?? '');

      const writes = Array.from({ length: 10 }, (_, nr) => store.put('big', bodies[nr % 2] ?? ''));
      const seen = await Promise.all(Array.from({ length: 20 }, async () => text(await store.get('big'))));
      await Promise.all(writes);

      expect(seen.filter((body) => !bodies.includes(body ?? ''))).toEqual([]);
    });
  });

  describe('create', () => {
    it('has one winner', async () => {
      const store = await fresh();

      const won = await Promise.all(Array.from({ length: 20 }, (_, nr) => store.create('stop.json', String(nr))));

      expect(won.filter(Boolean)).toHaveLength(1);
      expect(text(await store.get('stop.json'))).toBe(String(won.indexOf(true)));
    });
  });

  describe('swap', () => {
    it('has one winner among many who replace the same version', async () => {
      const store = await fresh();
      const first = await store.swap('control.json', 'first', null);

      const etags = await Promise.all(
        Array.from({ length: 50 }, (_, nr) => again(store).swap('control.json', String(nr), first)),
      );

      const winners = etags.filter((etag) => etag !== null);
      const now = await store.getVersioned('control.json');
      expect(winners).toEqual([now?.etag]);
      expect(text(now?.body)).toBe(String(etags.findIndex((etag) => etag !== null)));
    });

    it('has one winner among many who are the first', async () => {
      const store = await fresh();

      const etags = await Promise.all(
        Array.from({ length: 20 }, (_, nr) => again(store).swap('key', String(nr), null)),
      );

      expect(etags.filter((etag) => etag !== null)).toHaveLength(1);
    });

    it('replaces exactly the version that was read, as a model of it does', async () => {
      const writer = fc.nat({ max: 2 });
      const commands = fc.array(fc.record({ writer, reads: fc.boolean() }), { maxLength: 60 });
      await fc.assert(
        fc.asyncProperty(commands, async (steps) => {
          const store = await fresh();
          const writers = [0, 1, 2].map(() => ({ store: again(store), etag: null as string | null, version: 0 }));
          let version = 0;
          for (const [nr, { writer: index, reads }] of steps.entries()) {
            const mine = writers[index];
            if (mine === undefined) continue;
            if (reads) {
              mine.etag = (await mine.store.getVersioned('control.json'))?.etag ?? null;
              mine.version = version;
            }
            const next = await mine.store.swap('control.json', String(nr), mine.etag);
            const wins = mine.version === version;
            expect(next !== null).toBe(wins);
            if (!wins) continue;
            version += 1;
            mine.version = version;
            mine.etag = next;
            expect(text((await store.getVersioned('control.json'))?.body)).toBe(String(nr));
          }
        }),
        { numRuns },
      );
    });
  });

  describe('runs', () => {
    it('are none in an empty store', async () => {
      const store = await fresh();

      expect(await store.listRuns()).toEqual([]);
      await store.deleteRun('20261123-043000-spike-7f3a');
      await store.deleteAll();
    });

    it('are listed, the oldest first, and can be deleted one by one or all', async () => {
      const store = await fresh();
      const runs = ['20261123-b', '20261122-a', '20261123-bb'];
      for (const run of runs) {
        await store.swap(runKeys(run).control, '{}', null);
        await store.put(taskKeys(run, 0, 0).status, '{}');
        await store.put(taskKeys(run, 0, 0).window(0), 'x');
      }
      expect(await store.listRuns()).toEqual(['20261122-a', '20261123-b', '20261123-bb']);

      await store.deleteRun('20261123-b');
      expect(await store.listRuns()).toEqual(['20261122-a', '20261123-bb']);
      expect(await store.getVersioned(runKeys('20261123-b').control)).toBeNull();
      expect(await store.get(taskKeys('20261123-b', 0, 0).window(0))).toBeNull();
      expect(text(await store.get(taskKeys('20261123-bb', 0, 0).window(0)))).toBe('x');

      await store.deleteAll();
      expect(await store.listRuns()).toEqual([]);
      expect(await store.get(taskKeys('20261123-bb', 0, 0).window(0))).toBeNull();
    });
  });
}
