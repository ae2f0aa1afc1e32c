import { Redactor } from './redactor.ts';

/** In how much of a log's end its last lines are looked for, bytes. */
const LAST_LINES_BYTES = 64 * 1024;

/** Keeps the beginning and the end of a log in bounded memory. */
export class LogBuffer {
  private head: Buffer[] = [];
  private headRoom: number;
  /** Up to twice `tailBytes`, so that it is cut only now and then. */
  private tail: Buffer[] = [];
  private tailLength = 0;
  private dropped = 0;
  /** How many bytes have been added, those dropped included. */
  added = 0;
  private secrets: string[] = [];

  /**
   * @param headBytes @param tailBytes how much of each end to keep, bytes
   * @param whole the log of which this one is a part: it gets all that is added here
   */
  constructor(
    headBytes = 256 * 1024,
    private readonly tailBytes = 256 * 1024,
    private readonly whole: LogBuffer | null = null,
  ) {
    this.headRoom = headBytes;
  }

  /** A log for one process, which keeps that process's last lines. All that is added to it is added here, too. */
  forProcess(): LogBuffer {
    const log = new LogBuffer(0, LAST_LINES_BYTES, this);
    log.redact(this.secrets);
    return log;
  }

  /** Redacts these values in everything added from now on. */
  redact(secrets: string[]): void {
    this.secrets = secrets;
  }

  /** A listener for the `data` events of one stream. */
  source(): (chunk: Buffer) => void {
    const redactor = new Redactor(this.secrets);
    return (chunk) => this.add(redactor.push(chunk));
  }

  /** Adds a line of the worker's own. */
  line(text: string): void {
    this.add(Buffer.from(`${new Redactor(this.secrets).redact(text)}\n`));
  }

  /** Adds bytes as they are. */
  add(chunk: Buffer): void {
    this.whole?.add(chunk);
    this.added += chunk.length;
    const first = chunk.subarray(0, this.headRoom);
    if (first.length > 0) this.head.push(first);
    this.headRoom -= first.length;
    const rest = chunk.subarray(first.length);
    if (rest.length === 0) return;
    this.tail.push(rest);
    this.tailLength += rest.length;
    if (this.tailLength > 2 * this.tailBytes) this.cutTail();
  }

  private cutTail(): void {
    // A copy, since a subarray would keep all of its chunk in memory.
    const kept = Buffer.from(this.tailBytes === 0 ? [] : Buffer.concat(this.tail).subarray(-this.tailBytes));
    this.dropped += this.tailLength - kept.length;
    this.tail = [kept];
    this.tailLength = kept.length;
  }

  text(): string {
    if (this.tailLength > this.tailBytes) this.cutTail();
    const gap = this.dropped > 0 ? `\n… ${this.dropped} bytes omitted …\n` : '';
    return Buffer.concat(this.head).toString('utf8') + gap + Buffer.concat(this.tail).toString('utf8');
  }

  /** The last non-empty lines, each cut at 500 characters. */
  lastLines(count: number): string[] {
    const end = this.dropped > 0 ? this.tail : [...this.head, ...this.tail];
    const lines = Buffer.concat(end).subarray(-LAST_LINES_BYTES).toString('utf8').split('\n');
    return lines
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-count)
      .map((line) => (line.length > 500 ? `${line.slice(0, 500)}…` : line));
  }
}
