import { OVERFLOW_TAG, type Values } from '../contract/window.ts';
import { type Accumulator, addValues } from './accumulators.ts';

export type Tags = Readonly<Record<string, string>>;

/**
 * When and where a group or a row was first seen: [second, task, window, position in that window]. The earliest is the
 * same in whatever order tasks are merged, and sorting by it gives the order of the script.
 */
export type FirstSeen = readonly [t: number, task: number, seq: number, position: number];

export function compareFirstSeen(a: FirstSeen, b: FirstSeen): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}

export function earlier(a: FirstSeen, b: FirstSeen): FirstSeen {
  return compareFirstSeen(b, a) < 0 ? b : a;
}

export interface Row<A extends Accumulator> {
  tags: Tags;
  values: A;
  firstSeen: FirstSeen;
}

export interface BreakdownJson {
  rows: { tags: Tags; values: Values; firstSeen: FirstSeen }[];
  overflow?: Values;
}

/** The samples of one metric by their tags, over all tasks. What is past the limit on rows is counted together. */
export class Breakdown<A extends Accumulator & { merge(other: A): void }> {
  /** What came from tag sets past a limit, here or in a task; null: nothing did. */
  overflow: A | null = null;
  private readonly rows: BoundedMap<Row<A>>;

  /** @param limit how many rows to keep */
  constructor(
    private readonly create: () => A,
    limit: number,
  ) {
    this.rows = new BoundedMap(limit, (row) => this.rest().merge(row.values));
  }

  add(tags: Tags, values: Values, firstSeen: FirstSeen): void {
    const row = OVERFLOW_TAG in tags ? undefined : this.rowOf(tags, firstSeen);
    addValues(row?.values ?? this.rest(), values);
  }

  /** In ascending order of tags. */
  list(): Row<A>[] {
    return this.rows.sorted().map(([, row]) => row);
  }

  toJson(): BreakdownJson {
    const rows = this.list().map(({ tags, values, firstSeen }) => ({ tags, values: values.toValues(), firstSeen }));
    return this.overflow === null ? { rows } : { rows, overflow: this.overflow.toValues() };
  }

  /** Adds what `toJson` returned. */
  restore(json: BreakdownJson): void {
    for (const { tags, values, firstSeen } of json.rows) this.add(tags, values, firstSeen);
    if (json.overflow !== undefined) addValues(this.rest(), json.overflow);
  }

  private rowOf(tags: Tags, firstSeen: FirstSeen): Row<A> | undefined {
    const row = this.rows.getOrCreate(rowKey(tags), () => ({ tags, values: this.create(), firstSeen }));
    if (row !== undefined) row.firstSeen = earlier(row.firstSeen, firstSeen);
    return row;
  }

  private rest(): A {
    this.overflow ??= this.create();
    return this.overflow;
  }
}

/** The same for equal tag sets, in whatever order their tags come. */
function rowKey(tags: Tags): string {
  return JSON.stringify(
    Object.keys(tags)
      .sort()
      .map((name) => [name, tags[name]]),
  );
}

/**
 * Keeps the `limit` smallest of all keys that it was ever asked for. Which keys those are does not depend on the order
 * in which they come.
 */
export class BoundedMap<V> {
  private readonly entries = new Map<string, V>();
  /** The greatest key; undefined: not known. */
  private greatest: string | undefined;

  /** @param onEvict receives the value of a key that a smaller one displaced */
  constructor(
    private readonly limit: number,
    private readonly onEvict: (value: V) => void = () => {},
  ) {}

  /** The value of a key, created if the key is new; undefined if the key is beyond the limit. */
  getOrCreate(key: string, create: () => V): V | undefined {
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    if (this.entries.size >= this.limit) {
      const greatest = this.greatestKey();
      if (greatest === undefined || key > greatest) return undefined;
      this.onEvict(this.entries.get(greatest) as V);
      this.entries.delete(greatest);
    }
    const value = create();
    this.entries.set(key, value);
    this.greatest = undefined;
    return value;
  }

  /** In ascending order of keys. */
  sorted(): [string, V][] {
    return [...this.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  private greatestKey(): string | undefined {
    if (this.greatest === undefined) {
      for (const key of this.entries.keys())
        if (this.greatest === undefined || key > this.greatest) this.greatest = key;
    }
    return this.greatest;
  }
}
