import type { ZodType } from 'zod';
import { StoreError } from '../errors.ts';

const decoder = new TextDecoder();

export const encodeJson = (value: unknown): string => `${JSON.stringify(value)}\n`;

/**
 * Parses and validates a JSON file.
 * @throws StoreError that names the file if it is damaged or of another version
 */
export function decodeJson<T>(schema: ZodType<T>, body: Uint8Array, key: string): T {
  const parsed = schema.safeParse(parseJson(body, key));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(key, [issue?.path.join('.'), issue?.message].filter(Boolean).join(': '));
}

/** Parses a JSON file without validating it. @throws StoreError that names the file if it is damaged */
export function parseJson(body: Uint8Array, key: string): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch (error) {
    throw invalid(key, (error as Error).message, { cause: error });
  }
}

const invalid = (key: string, reason: string, options?: { cause: unknown }): StoreError =>
  new StoreError(
    `${key} is not valid (${reason}): it is damaged, or was written by another version of k6-fleet`,
    options,
  );
