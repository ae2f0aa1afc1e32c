import type { ZodType } from 'zod';

const decoder = new TextDecoder();

export const encodeJson = (value: unknown): string => `${JSON.stringify(value)}\n`;

/**
 * Parses a JSON object of the run.
 * @throws Error that names the object, where it is not what the schema says.
 */
export function decodeJson<T>(schema: ZodType<T>, body: Uint8Array, name: string): T {
  const parsed = schema.safeParse(parse(body, name));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`${name} is not valid: ${issue?.path.join('.')}: ${issue?.message}`);
}

function parse(body: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch (error) {
    throw new Error(`${name} is not valid: ${(error as Error).message}`);
  }
}
