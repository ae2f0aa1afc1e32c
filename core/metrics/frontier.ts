import type { ThresholdKey } from '../contract/plan.ts';
import type { KeyCell, MetricCell } from '../contract/window.ts';
import { KeySamples } from './key-samples.ts';

type Samples = Map<string, KeySamples>;

export interface FrontierJson {
  second: number | null;
  committed: KeyCell[];
  pending: [t: number, keys: KeyCell[]][];
  jobMs: Record<'setup' | 'teardown', number>;
}

/**
 * The samples that thresholds name, up to the frontier: the last second of load that every running task has delivered.
 * Tasks deliver at different times, so all that has arrived by a moment is no sample of the run: of some tasks it has
 * seconds that it lacks of others. Up to the frontier it is whole, whatever the order in which windows came.
 *
 * Cells past the frontier wait for it by the second, added up over tasks: memory depends on how far the frontier is
 * behind and not on the number of tasks. A cell that arrives late, from a task for which the frontier did not wait, is
 * committed at once, as are samples of setup() and teardown(). Cells may have any width, if all tasks cut them at the
 * same seconds.
 */
export class Frontier {
  /** Start of the last cell up to which everything is committed, Unix seconds; null: no cell of the load is. */
  second: number | null = null;
  /** How long the k6 of these jobs have been measured so far, ms. */
  readonly jobMs = { setup: 0, teardown: 0 };
  private readonly committed: Samples = new Map();
  private pending = new Map<number, Samples>();
  /** Keys that name a whole metric: their values are not in key cells. */
  private readonly whole = new Map<string, ThresholdKey[]>();
  private readonly keys: ReadonlyMap<string, ThresholdKey>;

  constructor(keys: readonly ThresholdKey[]) {
    this.keys = new Map(keys.map((key) => [key.key, key]));
    for (const key of keys) {
      if (isWhole(key)) this.whole.set(key.metric, [...(this.whole.get(key.metric) ?? []), key]);
    }
  }

  /** How many seconds wait for the frontier. */
  get lag(): number {
    return this.pending.size;
  }

  /** The samples of a key up to the frontier; undefined: none yet. */
  samples(key: string): KeySamples | undefined {
    return this.committed.get(key);
  }

  /** @param t the cell's second under load, or null: it belongs to setup() or teardown() */
  addMetric(t: number | null, { name, type, contains, series }: MetricCell, clockOffsetMs: number): void {
    for (const { key } of this.whole.get(name) ?? []) {
      for (const { values } of series) this.add(t, { key, type, contains, values }, clockOffsetMs);
    }
  }

  /** @param t as in `addMetric` */
  addKey(t: number | null, cell: KeyCell, clockOffsetMs: number): void {
    if (this.keys.has(cell.key)) this.add(t, cell, clockOffsetMs);
  }

  /** Moves the frontier on to a second; it never goes back. */
  advance(second: number): void {
    if (this.second !== null && second <= this.second) return;
    this.second = second;
    for (const [t, samples] of this.pending) {
      if (t > second) continue;
      this.pending.delete(t);
      for (const [key, part] of samples) addTo(this.committed, part.toCell(key));
    }
  }

  /** Moves the frontier on to the last second that has arrived: no task will deliver any more. */
  advanceToEnd(): void {
    const last = Math.max(...this.pending.keys());
    if (Number.isFinite(last)) this.advance(last);
  }

  toJson(): FrontierJson {
    const pending = [...this.pending].map(([t, samples]): [number, KeyCell[]] => [t, cellsOf(samples)]);
    return { second: this.second, committed: cellsOf(this.committed), pending, jobMs: { ...this.jobMs } };
  }

  static fromJson({ second, committed, pending, jobMs }: FrontierJson, keys: readonly ThresholdKey[]): Frontier {
    const frontier = new Frontier(keys);
    frontier.second = second;
    Object.assign(frontier.jobMs, jobMs);
    for (const cell of committed) addTo(frontier.committed, cell);
    for (const [t, cells] of pending) for (const cell of cells) addTo(frontier.pendingAt(t), cell);
    return frontier;
  }

  private add(t: number | null, cell: KeyCell, clockOffsetMs: number): void {
    const isCommitted = t === null || (this.second !== null && t <= this.second);
    addTo(isCommitted ? this.committed : this.pendingAt(t), cell, clockOffsetMs);
  }

  private pendingAt(t: number): Samples {
    const samples = this.pending.get(t) ?? new Map();
    this.pending.set(t, samples);
    return samples;
  }
}

/** Whether a threshold key names a whole metric, as `http_reqs` and `http_reqs{}` do. */
export const isWhole = ({ tags }: ThresholdKey): boolean => tags === null || Object.keys(tags).length === 0;

function addTo(samples: Samples, cell: KeyCell, clockOffsetMs = 0): void {
  const known = samples.get(cell.key) ?? new KeySamples(cell.type, cell.contains);
  known.add(cell, clockOffsetMs);
  samples.set(cell.key, known);
}

const cellsOf = (samples: Samples): KeyCell[] => [...samples].map(([key, part]) => part.toCell(key));
