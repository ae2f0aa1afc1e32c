import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeJson } from '../../../core/contract/codec.ts';
import type { Control } from '../../../core/contract/control.ts';
import { runKeys } from '../../../core/contract/keys.ts';
import { RunFiles } from '../../../core/contract/run-files.ts';
import { ControlPoller } from '../../../worker/control-poller.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const key = runKeys('run').control;
const timing = { controlPollIntervalMs: 100, leaseMs: 1000 };

let store: MemoryStore;
let poller: ControlPoller;

const tell = (change: Partial<Control> = {}) =>
  store.put(
    key,
    encodeJson({
      phase: 'launching',
      leaseUntil: Date.now() + timing.leaseMs,
      attempts: [0, 0],
      startAt: null,
      job: null,
      stop: null,
      ...change,
    } satisfies Control),
  );

/** Whether a promise has resolved by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return done;
}

beforeEach(() => {
  vi.useFakeTimers();
  store = new MemoryStore();
  poller = new ControlPoller(new RunFiles(store, 'run'), { task: 1, attempt: 0 }, timing);
});
afterEach(() => {
  poller.stop();
  vi.useRealTimers();
});

describe('ControlPoller', () => {
  it('knows control.json from its start on', async () => {
    await tell({ phase: 'setup' });

    await poller.start();

    expect(poller.current?.phase).toBe('setup');
    expect(await isDone(poller.until(({ phase }) => phase === 'setup'))).toBe(true);
  });

  it('wakes who waits for a phase, within one poll', async () => {
    await tell();
    await poller.start();
    const waiting = poller.until(({ phase }) => phase === 'running');
    expect(await isDone(waiting)).toBe(false);

    await tell({ phase: 'running' });
    await vi.advanceTimersByTimeAsync(timing.controlPollIntervalMs);

    expect(await isDone(waiting)).toBe(true);
    expect(poller.shutdownReason).toBeNull();
  });

  it('keeps running while the lease is renewed', async () => {
    await poller.start();
    for (let nr = 0; nr < 10; nr++) {
      await tell();
      await vi.advanceTimersByTimeAsync(timing.leaseMs - timing.controlPollIntervalMs);
    }

    expect(poller.shutdownReason).toBeNull();
  });

  it('is dismissed, and wakes everybody, once the lease has run out', async () => {
    await tell();
    await poller.start();
    const waiting = poller.until(() => false);

    await vi.advanceTimersByTimeAsync(timing.leaseMs + 2 * timing.controlPollIntervalMs);

    expect(poller.shutdownReason).toBe('lease');
    expect(await isDone(waiting)).toBe(true);
    expect(await isDone(poller.until(() => false))).toBe(true);
  });

  it('shuts down if control.json was never written', async () => {
    await poller.start();

    await vi.advanceTimersByTimeAsync(timing.leaseMs + 2 * timing.controlPollIntervalMs);

    expect(poller.shutdownReason).toBe('lease');
  });

  it('bears a store that is out of reach for less than the lease, and no longer', async () => {
    await tell();
    await poller.start();
    store.failing = () => true;
    await vi.advanceTimersByTimeAsync(timing.leaseMs / 2);
    expect(poller.shutdownReason).toBeNull();

    store.failing = () => false;
    await tell({ phase: 'setup' });
    await vi.advanceTimersByTimeAsync(timing.controlPollIntervalMs);
    expect(poller.current?.phase).toBe('setup');

    store.failing = () => true;
    await vi.advanceTimersByTimeAsync(timing.leaseMs + 2 * timing.controlPollIntervalMs);
    expect(poller.shutdownReason).toBe('lease');
  });

  it('takes an object that it cannot read for none', async () => {
    await store.put(key, '{"phase":');

    await poller.start();

    expect(poller.current).toBeNull();
    expect(poller.shutdownReason).toBeNull();
  });

  it('is dismissed where another attempt has its place, and not where another task is replaced', async () => {
    await tell({ attempts: [1, 0] });
    await poller.start();
    expect(poller.shutdownReason).toBeNull();

    await tell({ attempts: [1, 1] });
    await vi.advanceTimersByTimeAsync(timing.controlPollIntervalMs);

    expect(poller.shutdownReason).toBe('replaced');
  });
});
