/** What the streams of this process can show. */
const MIN_WIDTH = 40;
const PIPE_WIDTH = 100;

/** Columns to write text for; a pipe gets 100. */
export const widthOf = (stream: NodeJS.WriteStream): number =>
  stream.isTTY ? Math.max(MIN_WIDTH, stream.columns ?? 80) : PIPE_WIDTH;

/** Whether to colour: a terminal, unless NO_COLOR says otherwise (https://no-color.org). */
export const coloursOf = (stream: NodeJS.WriteStream): boolean =>
  (process.env.NO_COLOR ?? '') === '' && (stream.isTTY === true || (process.env.FORCE_COLOR ?? '') !== '');
