import { expect, it, vi } from 'vitest';
import { taskKeys } from '../../../core/contract/keys.ts';
import { RunFiles } from '../../../core/contract/run-files.ts';
import { StatusReporter } from '../../../worker/status-reporter.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const { status: key } = taskKeys('run', 0, 0);

class TimedStore extends MemoryStore {
  offset = 0;
  readonly clock = { offsetMs: () => this.offset };
}

const told = (store: MemoryStore) => JSON.parse(Buffer.from(store.objects.get(key) ?? '').toString('utf8'));

it('writes only what is new', async () => {
  const store = new MemoryStore();
  const report = new StatusReporter(new RunFiles(store, 'run'), { task: 0, attempt: 0 });
  const put = vi.spyOn(store, 'put');

  await report.update({ phase: 'starting', logTail: [] });
  await report.update({ logTail: [] });
  await report.update({ logTail: ['a'] });
  await report.update({ logTail: ['a'] });

  expect(put).toHaveBeenCalledTimes(2);
});

it('writes again what could not be written', async () => {
  const store = new MemoryStore();
  const report = new StatusReporter(new RunFiles(store, 'run'), { task: 0, attempt: 0 });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  store.failing = () => true;
  await report.update({ phase: 'ready' });
  store.failing = () => false;
  await report.update({ phase: 'ready' });

  expect(told(store).phase).toBe('ready');
});

it('says how far the store’s clock is ahead', async () => {
  const store = new TimedStore();
  const report = new StatusReporter(new RunFiles(store, 'run'), { task: 0, attempt: 0 });
  store.offset = -1234.5;
  await report.update({ phase: 'ready' });

  expect(told(store).clockOffsetMs).toBe(-1234);
});
