import { decodeJson, encodeJson } from '../contract/codec.ts';
import { Control } from '../contract/control.ts';
import { runKeys } from '../contract/keys.ts';
import type { Progress } from '../contract/progress.ts';
import { SupersededError } from '../errors.ts';
import type { Store } from '../ports.ts';

/**
 * The three files of a run that coordinators contend for. control.json is the lock: whoever has replaced it last
 * conducts the run, and every other coordinator learns so at its next write.
 */
export class RunOwnership {
  private readonly keys;
  private controlEtag: string | null = null;
  private readonly etags = new Map<string, string | null>();

  constructor(
    private readonly store: Store,
    private readonly run: string,
  ) {
    this.keys = runKeys(run);
  }

  /**
   * Takes the run over.
   * @param renew what control.json shall say, from what it says now
   * @returns what control.json said before, and the last checkpoint; null where there is none
   * @throws SupersededError where another coordinator does the same at this moment
   */
  async claim(
    renew: (told: Control | null) => Control,
  ): Promise<{ told: Control | null; checkpoint: Uint8Array | null }> {
    const control = await this.store.getVersioned(this.keys.control);
    const told = control === null ? null : decodeJson(Control, control.body, 'control.json');
    this.controlEtag = control?.etag ?? null;
    await this.writeControl(renew(told));
    // From here on no other coordinator can tell the tasks anything: the checkpoint holds all that they know.
    const checkpoint = await this.store.getVersioned(this.keys.checkpoint);
    const progress = await this.store.getVersioned(this.keys.progress);
    this.etags.set(this.keys.checkpoint, checkpoint?.etag ?? null);
    this.etags.set(this.keys.progress, progress?.etag ?? null);
    // One that was held up until its successor had written that checkpoint must not act on it.
    await this.assertOwner();
    return { told, checkpoint: checkpoint?.body ?? null };
  }

  /** @throws SupersededError where another coordinator has control.json by now. */
  async writeControl(control: Control): Promise<void> {
    this.controlEtag = await this.store.swap(this.keys.control, encodeJson(control), this.controlEtag);
    if (this.controlEtag === null) throw new SupersededError(this.run);
  }

  /** @throws SupersededError */
  writeCheckpoint(body: Uint8Array): Promise<void> {
    return this.writeIfOwner(this.keys.checkpoint, body);
  }

  /** @throws SupersededError */
  writeProgress(progress: Progress): Promise<void> {
    return this.writeIfOwner(this.keys.progress, encodeJson(progress));
  }

  /**
   * Replaces what this coordinator wrote last. Where somebody else was first, control.json says whose run it is: a
   * coordinator that does not know yet that it was superseded must not stop the one that superseded it.
   */
  private async writeIfOwner(key: string, body: Uint8Array | string): Promise<void> {
    for (let last = this.etags.get(key) ?? null; ; ) {
      const next = await this.store.swap(key, body, last);
      if (next !== null) {
        this.etags.set(key, next);
        return;
      }
      // In this order: what a successor writes after our look at control.json makes the next swap fail.
      last = (await this.store.getVersioned(key))?.etag ?? null;
      await this.assertOwner();
    }
  }

  private async assertOwner(): Promise<void> {
    const control = await this.store.getVersioned(this.keys.control);
    if (control?.etag !== this.controlEtag) throw new SupersededError(this.run);
  }
}
