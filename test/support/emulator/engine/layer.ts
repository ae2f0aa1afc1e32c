// The file system of a container: an overlay of its image and its own layer, with volumes and devices mounted into it.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, lstatSync, mkdirSync, type Stats, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface LayerOptions {
  rootfs: string;
  /** An empty folder for this container's files. It must not itself be on an overlay file system. */
  dir: string;
  readonly: boolean;
  volumes: { path: string; readonly: boolean }[];
  /** Files of the machine that are copied into the container at the same path. */
  files: string[];
}

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom'];

const stat = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

/** A field of fstab(5), with white space escaped in octal. */
const field = (text: string) => text.replace(/[\s\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);

/** Prepares the folders, and returns the fstab(5) that mounts the container's root at `<dir>/root`. */
export function buildLayer({ rootfs, dir, readonly, volumes, files }: LayerOptions): string {
  for (const path of [rootfs, dir]) {
    if (/[:,\\]/.test(path)) throw new Error(`${path}: the path of a root file system must not contain : , or \\`);
  }
  const [root, upper, work] = ['root', 'upper', 'work'].map((name) => join(dir, name)) as [string, string, string];
  for (const folder of [root, upper, work]) mkdirSync(folder);
  const image = lstatSync(rootfs);
  chownSync(upper, image.uid, image.gid);
  chmodSync(upper, image.mode & 0o7777);

  /** Makes a folder in the layer, and its parents, with the owner and mode that they have in the image. */
  const folder = (path: string) => {
    const inImage = stat(join(rootfs, path));
    if (inImage !== undefined && !inImage.isDirectory()) throw new Error(`${path} is not a folder in the image`);
    if (path === '/' || stat(join(upper, path)) !== undefined) return;
    folder(dirname(path));
    mkdirSync(join(upper, path));
    if (inImage !== undefined) {
      chownSync(join(upper, path), inImage.uid, inImage.gid);
      chmodSync(join(upper, path), inImage.mode & 0o7777);
    }
  };
  const lines: string[][] = [
    ['overlay', root, 'overlay', `lowerdir=${rootfs},upperdir=${upper},workdir=${work}${readonly ? ',ro' : ''}`],
  ];
  for (const path of ['/proc', '/dev/shm', '/etc']) folder(path);
  lines.push(['proc', join(root, 'proc'), 'proc', 'defaults'], ['tmpfs', join(root, 'dev/shm'), 'tmpfs', 'mode=1777']);
  for (const name of DEVICES) {
    writeFileSync(join(upper, 'dev', name), '');
    lines.push([`/dev/${name}`, join(root, 'dev', name), 'none', 'bind']);
  }
  for (const [name, target] of Object.entries({ fd: '', stdin: '/0', stdout: '/1', stderr: '/2' })) {
    symlinkSync(`/proc/self/fd${target}`, join(upper, 'dev', name));
  }
  for (const file of ['/etc/resolv.conf', '/etc/hosts', ...files]) {
    folder(dirname(file));
    cpSync(file, join(upper, file), { dereference: true });
    chmodSync(join(upper, file), 0o644);
  }
  for (const [index, volume] of volumes.entries()) {
    const path = normalize(volume.path);
    const source = join(dir, `volume-${index}`);
    mkdirSync(source);
    // As on ECS, a new volume gets the owner, mode and content of its path in the image.
    if (stat(join(rootfs, path)) !== undefined) execFileSync('cp', ['-a', `${join(rootfs, path)}/.`, source]);
    folder(path);
    lines.push([source, join(root, path), 'none', volume.readonly ? 'bind,ro' : 'bind']);
  }
  return lines.map((line) => `${line.map(field).join(' ')} 0 0\n`).join('');
}
