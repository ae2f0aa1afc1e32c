/** A message of others, as an operator is told it: without line breaks. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/**
 * `AccessDeniedException: User … is not authorized …`; the name is left out where it says nothing. A connection that
 * failed for every address of a host has a code, such as ECONNREFUSED, in place of a message.
 */
export function errorLine(error: unknown): string {
  const { name = 'Error', message = '', code = '' } = error as Error & { code?: string };
  return oneLine(name === 'Error' ? message || code : `${name}: ${message || code}`);
}
