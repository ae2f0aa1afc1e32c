/** What an image says of its containers, as the parts of an OCI image configuration that we need. */
export interface ImageSpec {
  /** Folder that holds the image's root file system. Without it a container is a process on the machine itself. */
  rootfs?: string;
  entrypoint?: string[];
  cmd?: string[];
  env?: Record<string, string>;
  /** `uid:gid`, in numbers. Default: root. */
  user?: string;
  /** Default: `/`, or an empty folder of the container's own where there is no `rootfs`. */
  workdir?: string;
  /** Paths that get a fresh writable folder each, as by VOLUME. Only with `rootfs`. */
  volumes?: string[];
}

/** By image reference, or by the beginning of one. */
export type Images = Record<string, ImageSpec>;

/** The image of the longest key that `reference` begins with; undefined: there is none. */
export function findImage(images: Images, reference: string): ImageSpec | undefined {
  const key = Object.keys(images)
    .filter((prefix) => reference.startsWith(prefix))
    .sort((a, b) => b.length - a.length)[0];
  return key === undefined ? undefined : images[key];
}
