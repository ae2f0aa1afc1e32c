import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { BuiltImage } from '../../../scripts/build-image.mjs';

const UNSHARE = '/usr/bin/unshare';

/**
 * Runs a command as ECS does: with a read-only root, and empty volumes with the owner of their folder in the image. A mount
 * namespace ensures that nothing is left behind. Arguments: root, user, workdir, volumes, `--`, environment, command.
 */
const ENTER = `set -e
root=$1 user=$2 workdir=$3
shift 3
mount --bind "$root" "$root"
mount --bind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount -o remount,bind,ro "$root"
while [ "$1" != -- ]; do
  owner=$(stat -c %u:%g "$root$1")
  mount -t tmpfs tmpfs "$root$1"
  chown "$owner" "$root$1"
  shift
done
shift
exec chroot --userspec="$user" "$root" env -i -C "$workdir" "$@"`;

/** Starts a command in the image, as its user and with its environment. */
export function start(image: BuiltImage, command: string[], input = ''): ChildProcessWithoutNullStreams {
  const env = Object.entries(image.env).map(([name, value]) => `${name}=${value}`);
  const container = [image.rootfs, image.user, image.workdir, ...image.volumes, '--'];
  const child = spawn(UNSHARE, ['--mount', 'sh', '-c', ENTER, 'enter', ...container, ...env, ...command]);
  child.stdin.on('error', () => undefined).end(input);
  return child;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs a command in the image to its end. */
export const runIn = (image: BuiltImage, command: string[], input?: string): Promise<Ended> =>
  ended(start(image, command, input));
