/** The parts of an OCI image configuration that we need. */
export interface ImageSpec {
  /** Folder of the image's root file system. Without it, a container runs on this machine's own files. */
  rootfs?: string;
  entrypoint?: string[];
  cmd?: string[];
  env?: Record<string, string>;
  /** `uid:gid`, in numbers. Default: root. */
  user?: string;
  /** Default: `/`, or without `rootfs` an empty folder of the container. */
  workdir?: string;
  /** Paths that get a new writable folder each, like VOLUME. Only with `rootfs`. */
  volumes?: string[];
}

/** By image reference or a prefix of one. */
export type Images = Record<string, ImageSpec>;

/** The image with the longest key that is a prefix of `reference`; undefined: none. */
export function findImage(images: Images, reference: string): ImageSpec | undefined {
  const key = Object.keys(images)
    .filter((prefix) => reference.startsWith(prefix))
    .sort((a, b) => b.length - a.length)[0];
  return key === undefined ? undefined : images[key];
}
