import { type MetricType, OVERFLOW_TAG, type Values } from '../contract/window.ts';
import { type Accumulator, accumulatorOf, addValues, createAccumulator, mergeAccumulator } from './accumulators.ts';
import { BoundedMap } from './bounded-map.ts';
import { earlier, type FirstSeen } from './first-seen.ts';

export type Tags = Readonly<Record<string, string>>;

export interface Row {
  tags: Tags;
  values: Accumulator;
  firstSeen: FirstSeen;
}

export interface BreakdownJson {
  rows: { tags: Tags; values: Values; firstSeen: FirstSeen }[];
  overflow?: Values;
}

/** The parts of one metric by their tags, over all tasks; those past the limit are one part together. */
export class Breakdown {
  /** What came from tag sets past a limit, here or in a task. Null: nothing did. */
  overflow: Accumulator | null = null;
  private readonly rows: BoundedMap<Row>;

  constructor(
    private readonly type: MetricType,
    limit: number,
  ) {
    this.rows = new BoundedMap(limit, (row) => mergeAccumulator(this.rest(), row.values));
  }

  add(tags: Tags, values: Values, firstSeen: FirstSeen, clockOffsetMs: number): void {
    const row = OVERFLOW_TAG in tags ? undefined : this.slot(tags, firstSeen);
    addValues(row?.values ?? this.rest(), values, clockOffsetMs);
  }

  merge(other: Breakdown): void {
    for (const [, { tags, values, firstSeen }] of other.rows) {
      mergeAccumulator(this.slot(tags, firstSeen)?.values ?? this.rest(), values);
    }
    if (other.overflow !== null) mergeAccumulator(this.rest(), other.overflow);
  }

  list(): Row[] {
    return this.rows.sorted().map(([, row]) => row);
  }

  toJson(): BreakdownJson {
    const rows = this.list().map(({ tags, values, firstSeen }) => ({ tags, values: values.toValues(), firstSeen }));
    return this.overflow === null ? { rows } : { rows, overflow: this.overflow.toValues() };
  }

  static fromJson(json: BreakdownJson, type: MetricType, limit: number): Breakdown {
    const rows = new Breakdown(type, limit);
    for (const { tags, values, firstSeen } of json.rows) rows.add(tags, values, firstSeen, 0);
    if (json.overflow !== undefined) rows.overflow = accumulatorOf(type, json.overflow);
    return rows;
  }

  private slot(tags: Tags, firstSeen: FirstSeen): Row | undefined {
    const row = this.rows.slot(rowKey(tags), () => ({ tags, values: createAccumulator(this.type), firstSeen }));
    if (row !== undefined) row.firstSeen = earlier(row.firstSeen, firstSeen);
    return row;
  }

  private rest(): Accumulator {
    this.overflow ??= createAccumulator(this.type);
    return this.overflow;
  }
}

/** The same for equal tag sets, in whatever order the tags come. */
function rowKey(tags: Tags): string {
  return JSON.stringify(
    Object.keys(tags)
      .sort()
      .map((name) => [name, tags[name]]),
  );
}
