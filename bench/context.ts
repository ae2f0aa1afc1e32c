/** What every benchmark gets. */
export interface BenchContext {
  /** The k6 binary with our extension. It is also the stock k6 of the same version, where our output is not asked for. */
  k6: string;
  /** An empty folder of its own. */
  dir: string;
  /** Only to see that it works: numbers mean nothing. */
  quick: boolean;
  /** Also what takes minutes. */
  full: boolean;
  /** Tells about progress. */
  log(line: string): void;
}
