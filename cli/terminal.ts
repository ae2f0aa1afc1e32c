/** What the streams of this process can show. */
const MIN_WIDTH = 40;
const PIPE_WIDTH = 100;

/** Columns to write text for; a pipe gets 100. */
export const widthOf = (stream: NodeJS.WriteStream): number =>
  stream.isTTY ? Math.max(MIN_WIDTH, stream.columns ?? 80) : PIPE_WIDTH;

/** Columns for a table, which must cut what does not fit; through a pipe nothing is cut. */
export const tableWidthOf = (stream: NodeJS.WriteStream): number =>
  stream.isTTY ? widthOf(stream) : Number.POSITIVE_INFINITY;

/** Whether to use colours: on a terminal, unless NO_COLOR is set (https://no-color.org). */
export const coloursOf = (stream: NodeJS.WriteStream): boolean =>
  (process.env.NO_COLOR ?? '') === '' && (stream.isTTY === true || (process.env.FORCE_COLOR ?? '') !== '');
