/** Keeps the first and the last part of a log, however long it gets. */
export class LogBuffer {
  private head = Buffer.alloc(0);
  private tail = Buffer.alloc(0);
  private dropped = 0;

  /** @param headBytes @param tailBytes how much of either end is kept, bytes */
  constructor(
    private readonly headBytes = 256 * 1024,
    private readonly tailBytes = 256 * 1024,
  ) {}

  add(chunk: Buffer): void {
    const room = this.headBytes - this.head.length;
    if (room > 0) this.head = Buffer.concat([this.head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    const before = this.tail.length + rest.length;
    const kept = Buffer.concat([this.tail, rest.subarray(-this.tailBytes)]).subarray(-this.tailBytes);
    this.dropped += before - kept.length;
    this.tail = Buffer.from(kept);
  }

  text(): string {
    const gap = this.dropped > 0 ? `\n… ${this.dropped} bytes left out …\n` : '';
    return this.head.toString('utf8') + gap + this.tail.toString('utf8');
  }

  /** The last non-empty lines, each cut at 500 characters. */
  lastLines(count: number): string[] {
    const end = this.tail.length > 0 ? this.tail : this.head;
    const lines = end
      .subarray(-64 * 1024)
      .toString('utf8')
      .split('\n');
    return lines
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-count)
      .map((line) => (line.length > 500 ? `${line.slice(0, 500)}…` : line));
  }
}
