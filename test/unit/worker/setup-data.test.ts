import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runKeys } from '../../../core/contract/keys.ts';
import { RunFiles } from '../../../core/contract/run-files.ts';
import { readSetupData, summaryArgument, unwrapSetupData } from '../../../worker/setup-data.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { planOf } from '../../support/sim/plan.ts';

/** k6's answer to GET /v1/setup. */
const answer = (attributes: string) =>
  Buffer.from(`{"data":{"type":"setupData","id":"default","attributes":{${attributes}}}}`);
const unwrapped = (attributes: string) => Buffer.from(unwrapSetupData(answer(attributes))).toString();

describe('the setup data in the answer of k6', () => {
  it('is what setup() returned, byte for byte', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4, stringUnit: 'binary' }), (json) => {
        expect(unwrapped(`"data":${json}`)).toBe(json);
      }),
    );
  });

  it.each([
    ['undefined', '', ''],
    ['null', '"data":null', 'null'],
    ['an object that looks like the envelope', '"data":{"data":{}}', '{"data":{}}'],
  ])('distinguishes %s', (_, attributes, expected) => {
    expect(unwrapped(attributes)).toBe(expected);
  });

  it.each(['', '{}', '{"errors":[]}', answer('').toString().slice(0, -1), answer('"dat":1').toString()])(
    'is not guessed from another answer: %j',
    (text) => {
      expect(() => unwrapSetupData(Buffer.from(text))).toThrow(/in a form that is not known/);
    },
  );
});

describe('the setup data in the store', () => {
  const plan = planOf({ exports: { setup: true } });
  const store = new MemoryStore();
  const files = new RunFiles(store, plan.id);

  it('is undefined for a script without setup()', async () => {
    expect(await readSetupData(files, planOf())).toHaveLength(0);
  });

  it('is never taken for undefined because it is gone', async () => {
    await expect(readSetupData(files, plan)).rejects.toThrow(
      `${runKeys(plan.id).setupData} is missing, though setup() has ended`,
    );
  });

  it('is there as it was written', async () => {
    await files.putSetupData(Buffer.from('{"a":1}'));
    expect(Buffer.from(await readSetupData(files, plan)).toString()).toBe('{"a":1}');
  });
});

describe('the argument of handleSummary', () => {
  const argument = (data: Uint8Array | null) =>
    JSON.parse(Buffer.concat(summaryArgument({ metrics: { a: 1 } }, data)).toString());

  it.each<[string, string | null, object]>([
    ['nothing without setup()', null, {}],
    ['nothing for undefined', '', {}],
    ['null', 'null', { setup_data: null }],
    ['a value', '{"b":[2]}', { setup_data: { b: [2] } }],
  ])('has %s as setup data', (_, json, expected) => {
    expect(argument(json === null ? null : Buffer.from(json))).toEqual({ metrics: { a: 1 }, ...expected });
  });
});
