/** What setup() returned on its way from one k6 to the others: raw JSON, never parsed. Empty bytes: undefined, which JSON has not. */
import type { Plan } from '../core/contract/plan.ts';
import type { RunFiles } from '../core/contract/run-files.ts';

/** What k6 v2.2.0 puts around the data in its answer to GET /v1/setup (api/v1/setup_jsonapi.go). */
const HEAD = Buffer.from('{"data":{"type":"setupData","id":"default","attributes":{');
const NAME = Buffer.from('"data":');
const TAIL = Buffer.from('}}}');

/** The data in k6's answer to GET /v1/setup. @throws Error if the answer looks otherwise than k6 v2.2.0's */
export function unwrapSetupData(answer: Uint8Array): Uint8Array {
  const isWhole = startsWith(answer, HEAD) && startsWith(answer.subarray(-TAIL.length), TAIL);
  const attributes = answer.subarray(HEAD.length, -TAIL.length);
  if (isWhole && attributes.length === 0) return attributes;
  if (isWhole && startsWith(attributes, NAME) && attributes.length > NAME.length)
    return attributes.subarray(NAME.length);
  const start = Buffer.from(answer.subarray(0, 100)).toString();
  throw new Error(`k6 answered ${answer.length} bytes to GET /v1/setup, in a form that is not known: ${start}`);
}

const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean =>
  Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0;

/**
 * The setup data for a k6 that needs it; empty if the script has no setup().
 * @throws Error if it cannot be read, or is gone
 */
export async function readSetupData(files: RunFiles, plan: Plan): Promise<Uint8Array> {
  if (!plan.exports.setup) return new Uint8Array();
  const data = await files.setupData();
  if (data === null) throw new Error(`${files.keys.setupData} is missing, though setup() has ended`);
  return data;
}

/**
 * The argument of handleSummary as JSON, in parts.
 * @param summary without `setup_data` @param data null: setup() has not succeeded, or does not exist
 */
export function summaryArgument(summary: object, data: Uint8Array | null): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(summary));
  if (data === null || data.length === 0) return [json];
  return [json.subarray(0, -1), Buffer.from(',"setup_data":'), data, Buffer.from('}')];
}
