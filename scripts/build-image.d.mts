import type { ImageSpec } from '../test/support/emulator/engine/images.ts';

/** An image that was built and unpacked, with its configuration. */
export type BuiltImage = Required<Omit<ImageSpec, 'rootfs'>> & { rootfs: string; bytes: number };

/** Why this machine cannot build an image; null: it can. */
export function whyNoImage(): string | null;
export function buildImage(options?: { target?: 'task' | 'demo' }): Promise<BuiltImage>;
