import type { ImageSpec } from '../test/support/emulator/engine/images.ts';

/** An image that was built, unpacked, with what its own configuration says. */
export type BuiltImage = Required<Omit<ImageSpec, 'rootfs'>> & { rootfs: string; bytes: number };

/** Why no image can be built here; null: it can. */
export function whyNoImage(): string | null;
export function buildImage(options?: { target?: 'task' | 'demo' }): Promise<BuiltImage>;
