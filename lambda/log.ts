/** One line of JSON in the Lambda's log group. Never a secret: neither environments nor plans. */
export type Log = (
  line: { level: 'info' | 'warn' | 'error'; run: string; message: string } & Record<string, unknown>,
) => void;

export const logLine: Log = (line) => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
