import { type MetricType, OVERFLOW_TAG, type Values } from '../contract/window.ts';
import { type Accumulator, accumulatorOf, addValues, createAccumulator, mergeAccumulator } from './accumulators.ts';
import { BoundedMap } from './bounded-map.ts';
import { earlierRank, type Rank } from './first-seen.ts';

export type Tags = Readonly<Record<string, string>>;

export interface Row {
  tags: Tags;
  values: Accumulator;
  rank: Rank;
}

export interface RowsJson {
  rows: { tags: Tags; values: Values; rank: Rank }[];
  overflow?: Values;
}

/** The parts of one metric by their tags, over all tasks; those past the limit are one part together. */
export class Rows {
  /** What came from tag sets past a limit, here or in a task. Null: nothing did. */
  overflow: Accumulator | null = null;
  private readonly rows: BoundedMap<Row>;

  constructor(
    private readonly type: MetricType,
    limit: number,
  ) {
    this.rows = new BoundedMap(limit, (row) => mergeAccumulator(this.rest(), row.values));
  }

  add(tags: Tags, values: Values, rank: Rank, clockOffsetMs: number): void {
    const row = OVERFLOW_TAG in tags ? undefined : this.slot(tags, rank);
    addValues(row?.values ?? this.rest(), values, clockOffsetMs);
  }

  merge(other: Rows): void {
    for (const [, { tags, values, rank }] of other.rows) {
      mergeAccumulator(this.slot(tags, rank)?.values ?? this.rest(), values);
    }
    if (other.overflow !== null) mergeAccumulator(this.rest(), other.overflow);
  }

  list(): Row[] {
    return this.rows.sorted().map(([, row]) => row);
  }

  toJson(): RowsJson {
    const rows = this.list().map(({ tags, values, rank }) => ({ tags, values: values.toValues(), rank }));
    return this.overflow === null ? { rows } : { rows, overflow: this.overflow.toValues() };
  }

  static fromJson(json: RowsJson, type: MetricType, limit: number): Rows {
    const rows = new Rows(type, limit);
    for (const { tags, values, rank } of json.rows) rows.add(tags, values, rank, 0);
    if (json.overflow !== undefined) rows.overflow = accumulatorOf(type, json.overflow);
    return rows;
  }

  private slot(tags: Tags, rank: Rank): Row | undefined {
    const row = this.rows.slot(rowKey(tags), () => ({ tags, values: createAccumulator(this.type), rank }));
    if (row !== undefined) row.rank = earlierRank(row.rank, rank);
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
