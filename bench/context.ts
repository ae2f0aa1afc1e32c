/** What every benchmark is given. */
export interface BenchContext {
  /** The k6 binary with our extension; without `--out fleet` it is the stock k6 of the same version. */
  k6: string;
  /** An empty folder of its own. */
  dir: string;
  /** A smoke test: the numbers mean nothing. */
  quick: boolean;
  /** Includes the measurements that take minutes. */
  full: boolean;
  /** Reports progress. */
  log(line: string): void;
}
