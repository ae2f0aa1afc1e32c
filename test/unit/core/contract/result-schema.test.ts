import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resultSchema } from '../../../../core/contract/result-schema.ts';

test('the published schema of result.json is the one of the contract (npm run schema)', () => {
  const published = JSON.parse(readFileSync(new URL('../../../../docs/result.schema.json', import.meta.url), 'utf8'));
  expect(published).toEqual(resultSchema());
});
