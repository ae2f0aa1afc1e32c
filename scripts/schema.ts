// Writes docs/result.schema.json, the published JSON Schema of result.json, from the contract.
import { writeFileSync } from 'node:fs';
import { resultSchema } from '../core/contract/result-schema.ts';

writeFileSync(new URL('../docs/result.schema.json', import.meta.url), `${JSON.stringify(resultSchema(), null, 2)}\n`);
