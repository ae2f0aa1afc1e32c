/** Another coordinator has claimed the run; this one must not act any more. */
export class SupersededError extends Error {
  constructor(run: string) {
    super(`another coordinator has taken over run ${run}; this one has stopped`);
    this.name = 'SupersededError';
  }
}

/** An error that a user can fix: one clear line, and the exit code for its kind. */
export class UserError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
    this.name = 'UserError';
  }
}

/** A store that cannot be read or written: one line that names the object and the remedy. */
export class StoreError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'StoreError';
  }
}

/** The text on one line: any run of whitespace becomes one space. For messages of other systems. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/**
 * An error of a library on one line, such as `AccessDeniedException: User … is not authorized …`, without a name that only
 * says `Error`. If a connection failed for every address of a host, the error has a code, such as ECONNREFUSED, instead
 * of a message.
 */
export function errorLine(error: unknown): string {
  const { name = 'Error', message = '', code = '' } = error as Error & { code?: string };
  return oneLine(name === 'Error' ? message || code : `${name}: ${message || code}`);
}
