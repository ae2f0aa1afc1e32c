/** Another coordinator has taken the run over; this one must do nothing more. */
export class SupersededError extends Error {
  constructor(run: string) {
    super(`another coordinator has taken run ${run} over; this one has stopped`);
    this.name = 'SupersededError';
  }
}

/** A mistake that a user can mend: one clear line, and the exit code that says of what kind it is. */
export class UserError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
    this.name = 'UserError';
  }
}

/** A store that cannot be read or written: one line that names the object and what is to be done. */
export class StoreError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'StoreError';
  }
}
