import { z } from 'zod';
import { Result } from './result.ts';

/** The JSON Schema (draft 2020-12) of result.json. */
export const resultSchema = () => ({
  $id: 'urn:k6-fleet:result:1',
  title: 'k6-fleet result.json',
  ...z.toJSONSchema(Result),
});
