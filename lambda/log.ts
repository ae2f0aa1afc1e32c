/** Writes one line of JSON to the Lambda's log group. Never log environments or plans: they may hold secrets. */
export type Log = (
  line: { level: 'info' | 'warn' | 'error'; run: string; message: string } & Record<string, unknown>,
) => void;

export const logLine: Log = (line) => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
