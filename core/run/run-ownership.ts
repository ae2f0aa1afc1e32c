import type { Control } from '../contract/control.ts';
import type { Progress } from '../contract/progress.ts';
import type { RunFiles } from '../contract/run-files.ts';
import { SupersededError } from '../errors.ts';

/**
 * Which coordinator owns a run, by compare-and-swap on the three files that coordinators contend for: the owner is the
 * one that replaced control.json last. Nothing blocks and nothing has to be released, so an owner may crash at any time
 * and another coordinator may claim the run at any time. An owner that was superseded can publish nothing more: its
 * next write of control.json fails. It may still write its checkpoint or progress once, which the new owner replaces.
 */
export class RunOwnership {
  private controlEtag: string | null = null;
  private readonly etags: Record<'checkpoint' | 'progress', string | null> = { checkpoint: null, progress: null };

  constructor(private readonly files: RunFiles) {}

  /**
   * Claims the run, then reads its checkpoint: the one that covers everything published before the claim.
   * @param renew the new control.json, given the present one
   * @returns the previous control.json and the last checkpoint, each null if there is none
   * @throws SupersededError if another coordinator claims the run at the same time
   */
  async claim(
    renew: (published: Control | null) => Control,
  ): Promise<{ published: Control | null; checkpoint: Uint8Array | null }> {
    const control = await this.files.control();
    const published = control?.value ?? null;
    this.controlEtag = control?.etag ?? null;
    await this.writeControl(renew(published));
    // From here on no other coordinator can publish, so the checkpoint covers all that workers may have read.
    const checkpoint = await this.files.checkpoint();
    this.etags.checkpoint = checkpoint?.etag ?? null;
    this.etags.progress = await this.files.etag('progress');
    // If this coordinator was held up meanwhile, the checkpoint may be its successor's: it must not act on it.
    await this.assertOwner();
    return { published, checkpoint: checkpoint?.value ?? null };
  }

  /** @throws SupersededError if another coordinator has replaced control.json */
  async writeControl(control: Control): Promise<void> {
    this.controlEtag = await this.files.swapControl(control, this.controlEtag);
    if (this.controlEtag === null) throw new SupersededError(this.files.id);
  }

  /** @throws SupersededError */
  writeCheckpoint(body: Uint8Array): Promise<void> {
    return this.writeIfOwner('checkpoint', (etag) => this.files.swapCheckpoint(body, etag));
  }

  /** @throws SupersededError */
  writeProgress(progress: Progress): Promise<void> {
    return this.writeIfOwner('progress', (etag) => this.files.swapProgress(progress, etag));
  }

  /**
   * Replaces the version that this coordinator wrote last. A conflict does not yet mean that it was superseded: its
   * predecessor may have written once more before learning of the claim. control.json decides.
   */
  private async writeIfOwner(
    file: 'checkpoint' | 'progress',
    swap: (etag: string | null) => Promise<string | null>,
  ): Promise<void> {
    for (let last = this.etags[file]; ; ) {
      const next = await swap(last);
      if (next !== null) {
        this.etags[file] = next;
        return;
      }
      // In this order: if a successor writes after the check of control.json, the next swap fails.
      last = await this.files.etag(file);
      await this.assertOwner();
    }
  }

  private async assertOwner(): Promise<void> {
    if ((await this.files.etag('control')) !== this.controlEtag) throw new SupersededError(this.files.id);
  }
}
