import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { TaskFiles } from '../core/contract/run-files.ts';
import { Redactor } from './redactor.ts';

const zip = promisify(gzip);

/** How much of what the script of a task prints is kept, before compression, bytes. */
const MAX_CONSOLE_BYTES = 64 * 1024 ** 2;

const SLICE_BYTES = 1024 ** 2;

export interface ConsoleCaptureOptions {
  /** False: the script's output goes to k6's log. */
  enabled: boolean;
  workDir: string;
  files: TaskFiles;
  task: number;
  maxBytes?: number;
}

/**
 * What the script prints by `console`, from all k6 of a task: each writes a file of its own, which is added to
 * console.log.gz once that k6 has exited. Bounded: the rest is counted, and a last line says so.
 */
export class ConsoleCapture {
  /** Paths of the files of k6 processes that have been started and not been added yet. */
  private readonly open = new Set<string>();
  private started = 0;
  /** gzip members, which together are a gzip file. */
  private readonly members: Buffer[] = [];
  private left: number;
  private omitted = 0;
  private secrets: string[] = [];
  private saving: Promise<void> = Promise.resolve();

  constructor(private readonly options: ConsoleCaptureOptions) {
    this.left = options.maxBytes ?? MAX_CONSOLE_BYTES;
  }

  redact(secrets: string[]): void {
    this.secrets = secrets;
  }

  /** The arguments of the next k6, and what to call once it has exited: it resolves once the store has what k6 wrote. */
  next(): { args: string[]; save: () => Promise<void> } {
    if (!this.options.enabled) return { args: [], save: async () => undefined };
    const path = join(this.options.workDir, `console-${this.started++}.log`);
    this.open.add(path);
    return { args: [`--console-output=${path}`], save: () => this.save([path]) };
  }

  /** Adds the files of all k6 processes, which have exited. */
  saveAll(): Promise<void> {
    return this.save([...this.open]);
  }

  /** What cannot be written is lost: it ends nothing. */
  private save(paths: readonly string[]): Promise<void> {
    this.saving = this.saving.then(() => this.saveNow(paths)).catch(() => undefined);
    return this.saving;
  }

  private async saveNow(paths: readonly string[]): Promise<void> {
    let hasGrown = false;
    for (const path of paths) {
      if (this.open.delete(path) && (await this.add(path))) hasGrown = true;
    }
    if (!hasGrown) return;
    const note = this.omitted === 0 ? [] : [await zip(omissionLine(this.options.task, this.omitted))];
    await this.options.files.putConsole(Buffer.concat([...this.members, ...note]));
  }

  /** False: the script printed nothing. */
  private async add(path: string): Promise<boolean> {
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (size === 0) return false;
    const chunks: Buffer[] = [];
    if (this.left > 0) {
      for await (const chunk of createReadStream(path, { end: this.left - 1 })) chunks.push(chunk as Buffer);
    }
    const head = Buffer.concat(chunks);
    // Whole lines only.
    const kept = head.length < size ? head.subarray(0, head.lastIndexOf('\n') + 1) : head;
    this.omitted += size - kept.length;
    this.left = kept.length < size ? 0 : this.left - kept.length;
    if (kept.length > 0) this.members.push(await zip(this.redacted(kept), { level: 1 }));
    await rm(path, { force: true });
    return true;
  }

  /** In slices: a redactor makes several strings of what it gets. */
  private redacted(text: Buffer): Buffer {
    const redactor = new Redactor(this.secrets);
    const slices = [];
    for (let from = 0; from < text.length; from += SLICE_BYTES) {
      slices.push(redactor.push(text.subarray(from, from + SLICE_BYTES)));
    }
    return Buffer.concat(slices);
  }
}

/** As k6 formats a line, with a source of its own by which the CLI recognizes it. */
const omissionLine = (task: number, bytes: number): string =>
  `time="${new Date().toISOString().replace(/\.\d+/, '')}" level=warning msg="${bytes} bytes that task ${task} printed were omitted: a task keeps ${MAX_CONSOLE_BYTES / 1024 ** 2} MiB" source=k6-fleet\n`;
