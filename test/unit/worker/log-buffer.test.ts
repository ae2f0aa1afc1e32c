import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogBuffer } from '../../../worker/log-buffer.ts';

const chunks = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 40 }), { maxLength: 40 });

describe('LogBuffer', () => {
  it('keeps all of a short log', () => {
    fc.assert(
      fc.property(chunks, (parts) => {
        const log = new LogBuffer(1000, 1000);
        for (const part of parts) log.add(Buffer.from(part));

        expect(log.text()).toBe(parts.join(''));
      }),
    );
  });

  it('keeps both ends of a long one, however it was cut into chunks, and says how much is missing', () => {
    const sizes = fc.nat({ max: 30 });
    fc.assert(
      fc.property(chunks, sizes, sizes, (parts, head, tail) => {
        const log = new LogBuffer(head, tail);
        for (const part of parts) log.add(Buffer.from(part));

        const all = parts.join('');
        const missing = all.length - head - tail;
        const gap = `\n… ${missing} bytes omitted …\n`;
        expect(log.text()).toBe(missing > 0 ? all.slice(0, head) + gap + all.slice(all.length - tail) : all);
      }),
    );
  });

  it('shows the last lines, without empty ones, each of a bearable length', () => {
    const log = new LogBuffer(10, 10_000);
    log.add(Buffer.from(`one\n\ntwo  \r\n${'x'.repeat(600)}\n`));

    expect(log.lastLines(2)).toEqual(['two', `${'x'.repeat(500)}…`]);
  });

  it('shows the last lines of a log that fits into its first part', () => {
    const log = new LogBuffer();
    log.add(Buffer.from('one\ntwo\n'));

    expect(log.lastLines(20)).toEqual(['one', 'two']);
  });

  it('does not hold on to more than a few times what it keeps', () => {
    const log = new LogBuffer(64 * 1024, 64 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    for (let nr = 0; nr < 2000; nr++) log.add(Buffer.alloc(64 * 1024));

    expect(log.text().length).toBeLessThan(130 * 1024);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('the log of one process', () => {
  it('keeps its own last lines, and goes into the whole log', () => {
    const log = new LogBuffer();
    const [setup, load] = [log.forProcess(), log.forProcess()];
    load.source()(Buffer.from('load\n'));
    setup.source()(Buffer.from('setup\n'));
    expect([load.lastLines(20), setup.lastLines(20)]).toEqual([['load'], ['setup']]);
    expect(log.text()).toBe('load\nsetup\n');
  });

  it('has no secrets', () => {
    const log = new LogBuffer();
    log.redact(['hunter2']);
    const process = log.forProcess();
    process.source()(Buffer.from('hunter2\n'));
    process.line('hunter2!');
    expect([process.lastLines(2), log.text()]).toEqual([['***', '***!'], '***\n***!\n']);
  });
});
