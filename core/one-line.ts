/** A message of others, as an operator is told it: without line breaks. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** `AccessDeniedException: User … is not authorized …`; the name is left out where it says nothing. */
export function errorLine(error: unknown): string {
  const { name = 'Error', message = '' } = error as Error;
  return oneLine(name === 'Error' ? message : `${name}: ${message}`);
}
