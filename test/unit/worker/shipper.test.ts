import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { taskKeys } from '../../../core/contract/keys.ts';
import { RunFiles } from '../../../core/contract/run-files.ts';
import type { Window } from '../../../core/contract/window.ts';
import { Shipper } from '../../../worker/shipper.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const ref = { task: 3, attempt: 1 };
const { window: windowKey } = taskKeys('run', ref.task, ref.attempt);
const line = (wall: number) => JSON.stringify({ v: 1, wall, cells: [] });

let store: MemoryStore;
let errors: Error[];
let shipper: Shipper;

beforeEach(() => {
  store = new MemoryStore();
  errors = [];
  shipper = new Shipper(new RunFiles(store, 'run'), ref, (error) => errors.push(error));
});
afterEach(() => shipper.stop());

const shipped = (): Window[] =>
  Array.from({ length: store.objects.size }, (_, seq) => {
    const body = store.objects.get(windowKey(seq));
    return JSON.parse(gunzipSync(body ?? '').toString('utf8')) as Window;
  });

describe('Shipper', () => {
  it('ships lines in order, one window for what came together', async () => {
    shipper.add('load', line(1));
    shipper.add('load', line(2));
    await shipper.flush();
    shipper.add('load', line(3));
    await shipper.flush();

    expect(
      shipped().map(({ task, attempt, seq, job, lines }) => ({
        task,
        attempt,
        seq,
        job,
        cpu: lines.map(({ wall }) => wall),
      })),
    ).toEqual([
      { ...ref, seq: 0, job: 'load', cpu: [1, 2] },
      { ...ref, seq: 1, job: 'load', cpu: [3] },
    ]);
    expect(shipper.shipped).toBe(2);
  });

  it('keeps what setup and the load measured apart', async () => {
    shipper.add('setup', line(1));
    shipper.add('load', line(2));
    await shipper.flush();

    expect(shipped().map(({ job }) => job)).toEqual(['setup', 'load']);
  });

  it('ships nothing where nothing was measured', async () => {
    await shipper.flush();

    expect(store.objects.size).toBe(0);
  });

  it('ships on its own, each interval', async () => {
    shipper.start(10);
    shipper.add('load', line(1));

    await vi.waitFor(() => expect(shipper.shipped).toBe(1));
  });

  it('leaves no gap and no double behind a store that fails for a while', async () => {
    let failures = 3;
    store.failing = () => failures-- > 0;
    for (let nr = 0; nr < 3; nr++) {
      shipper.add('load', line(nr));
      await shipper.flush();
    }

    expect(shipped().map(({ seq, lines }) => [seq, lines[0]?.wall])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    expect(errors).toEqual([]);
  });

  it('gives up on a store that keeps failing, says so once, and does not write past the gap', async () => {
    store.failing = () => true;
    shipper.add('load', line(1));
    await shipper.flush();
    store.failing = () => false;
    shipper.add('load', line(2));
    await shipper.flush();

    expect(errors.map(({ message }) => message)).toEqual(['ENOSPC: no space left on device']);
    expect(shipper.error).toBe(errors[0]);
    expect(store.objects.size).toBe(0);
  });
});
