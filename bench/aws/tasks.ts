/** Simulated tasks: the files that they would have written by now, with windows recorded from a real task. */
import { gzipSync } from 'node:zlib';
import { initialTaskStatus, type TaskStatus } from '../../core/contract/task-status.ts';
import type { CellLine } from '../../core/contract/window.ts';

export interface FleetShape {
  run: string;
  tasks: number;
  /** How often a task ships a window, ms. */
  windowMs: number;
  /** How often its k6 writes a line, ms. */
  lineMs: number;
  /** Width of a cell, s. */
  cellSeconds: number;
}

/** Spreads tasks evenly over an interval, whatever their number is. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Until a window is in the store, from the moment it is shipped, ms. */
const PUT_MS = 40;
/** The number of different recordings: every task plays one of them. */
const VARIANTS = 4;

/** When a task ships a window, ms after the start. Tasks are out of step, as real ones are. */
const shippedAfter = ({ windowMs, lineMs }: FleetShape, task: number, seq: number): number =>
  lineMs + ((task * GOLDEN) % 1) * windowMs + seq * windowMs;

/** When a window is in the store, ms after the start. */
export const storedAfter = (shape: FleetShape, task: number, seq: number): number =>
  shippedAfter(shape, task, seq) + PUT_MS;

/** Up to when a window measured, ms after the start. */
export const measuredUntil = (shape: FleetShape, task: number, seq: number): number =>
  Math.floor(shippedAfter(shape, task, seq) / shape.lineMs) * shape.lineMs;

export class SimulatedTasks {
  private startAt: number | null = null;
  private readonly launched = new Set<number>();
  private readonly packed = new Map<string, Buffer>();

  /** @param recorded lines of a real task, one each `lineMs` */
  constructor(
    private readonly shape: FleetShape,
    private readonly recorded: readonly CellLine[],
  ) {}

  launch(task: number): void {
    this.launched.add(task);
  }

  /** @param startAt Unix ms, as control.json says */
  start(startAt: number): void {
    this.startAt = startAt;
  }

  /** A file of a task; undefined if the key is none, or the file is not written yet. @param now Unix ms */
  read(key: string, now: number): Buffer | undefined {
    const [, kind, task, seq] = FILE.exec(key) ?? [];
    if (kind === undefined) return undefined;
    if (kind === 'runs') return this.status(Number(task), now);
    return this.window(Number(task), Number(seq), now);
  }

  private status(task: number, now: number): Buffer | undefined {
    if (!this.launched.has(task)) return undefined;
    const runs = this.startAt !== null && now >= this.startAt;
    const state: TaskStatus = {
      ...initialTaskStatus(task, 0, 1),
      k6Pid: 7,
      ...(runs ? { phase: 'running', startSkewMs: 1 } : { phase: 'ready' }),
    };
    return Buffer.from(`${JSON.stringify(state)}\n`);
  }

  private window(task: number, seq: number, now: number): Buffer | undefined {
    if (this.startAt === null || now < this.startAt + storedAfter(this.shape, task, seq)) return undefined;
    const head = JSON.stringify({ v: 1, task, attempt: 0, seq, job: 'load', busy: 0.5 });
    // What all tasks of a kind have in common is compressed once: members of a gzip file add up to one text (RFC 1952).
    return Buffer.concat([gzipSync(`${head.slice(0, -1)},"lines":[`), this.lines(task, seq, this.startAt)]);
  }

  private lines(task: number, seq: number, startAt: number): Buffer {
    const { shape, recorded } = this;
    const from = seq === 0 ? 0 : measuredUntil(shape, task, seq - 1) / shape.lineMs;
    const to = measuredUntil(shape, task, seq) / shape.lineMs;
    const variant = task % VARIANTS;
    const key = `${variant}/${from}/${to}`;
    const known = this.packed.get(key);
    if (known !== undefined) return known;
    const startCell = Math.floor(startAt / 1000 / shape.cellSeconds) * shape.cellSeconds;
    const lines = Array.from({ length: to - from }, (_, index) => {
      const nr = from + index;
      const line = recorded[(variant * Math.ceil(recorded.length / VARIANTS) + nr) % recorded.length] as CellLine;
      return JSON.stringify(moved(line, startCell + (nr * shape.lineMs) / 1000));
    });
    const body = gzipSync(`${lines.join(',')}]}`, { level: 6 }); // as a worker does
    this.packed.set(key, body);
    return body;
  }
}

const FILE = /(runs|scratch)\/[^/]+\/tasks\/(\d+)\/0\/(?:status|(\d{6}))\.json(?:\.gz)?$/;

/** The line as if its last cell had begun at `second`. */
function moved(line: CellLine, second: number): CellLine {
  const by = second - Math.max(...line.cells.map(({ t }) => t));
  const cells = line.cells.map((cell) => ({
    ...cell,
    t: cell.t + by,
    ...(cell.metrics && {
      metrics: cell.metrics.map((metric) => ({
        ...metric,
        series: metric.series.map((series) =>
          'at' in series.values
            ? { ...series, values: { ...series.values, at: series.values.at + by * 1000 } }
            : series,
        ),
      })),
    }),
  }));
  return { ...line, cells };
}
