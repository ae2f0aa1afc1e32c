import { decodeJson, encodeJson } from '../contract/codec.ts';
import { Control } from '../contract/control.ts';
import { runKeys } from '../contract/keys.ts';
import type { Progress } from '../contract/progress.ts';
import { SupersededError } from '../errors.ts';
import type { Store } from '../ports.ts';

/**
 * Which coordinator owns a run, by compare-and-swap on the three files that coordinators contend for: the owner is the
 * one that replaced control.json last. Nothing blocks and nothing has to be released, so an owner may crash at any time
 * and another coordinator may claim the run at any time. An owner that was superseded learns of it at its next write,
 * which fails: it can change none of the three files any more.
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
   * Claims the run, then reads its checkpoint: the one that covers everything published before the claim.
   * @param renew the new control.json, given the present one
   * @returns the previous control.json and the last checkpoint, each null if there is none
   * @throws SupersededError if another coordinator claims the run at the same time
   */
  async claim(
    renew: (published: Control | null) => Control,
  ): Promise<{ published: Control | null; checkpoint: Uint8Array | null }> {
    const control = await this.store.getVersioned(this.keys.control);
    const published = control === null ? null : decodeJson(Control, control.body, 'control.json');
    this.controlEtag = control?.etag ?? null;
    await this.writeControl(renew(published));
    // From here on no other coordinator can publish, so the checkpoint covers all that workers may have read.
    const checkpoint = await this.store.getVersioned(this.keys.checkpoint);
    const progress = await this.store.getVersioned(this.keys.progress);
    this.etags.set(this.keys.checkpoint, checkpoint?.etag ?? null);
    this.etags.set(this.keys.progress, progress?.etag ?? null);
    // If this coordinator was held up meanwhile, the checkpoint may be its successor's: it must not act on it.
    await this.assertOwner();
    return { published, checkpoint: checkpoint?.body ?? null };
  }

  /** @throws SupersededError if another coordinator has replaced control.json */
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
   * Replaces the version that this coordinator wrote last. A conflict does not yet mean that it was superseded: its
   * predecessor may have written once more before learning of the claim. control.json decides.
   */
  private async writeIfOwner(key: string, body: Uint8Array | string): Promise<void> {
    for (let last = this.etags.get(key) ?? null; ; ) {
      const next = await this.store.swap(key, body, last);
      if (next !== null) {
        this.etags.set(key, next);
        return;
      }
      // In this order: if a successor writes after the check of control.json, the next swap fails.
      last = (await this.store.getVersioned(key))?.etag ?? null;
      await this.assertOwner();
    }
  }

  private async assertOwner(): Promise<void> {
    const control = await this.store.getVersioned(this.keys.control);
    if (control?.etag !== this.controlEtag) throw new SupersededError(this.run);
  }
}
