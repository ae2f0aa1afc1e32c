import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImageSpec } from './images.ts';
import { buildLayer } from './layer.ts';
import { type ContainerConfig, parseEnv } from './protocol.ts';

const FIRST_PROCESS = fileURLToPath(new URL('first-process.sh', import.meta.url));
// An absolute path, because a container's PATH is that of its image.
const UNSHARE = '/usr/bin/unshare';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What to spawn for a container. */
export interface Launch {
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  /** Whether it has its own namespaces, so that all its processes end with its PID 1. */
  namespaces: boolean;
}

let allowed: boolean | undefined;

/** Whether this process may create namespaces: it must be root, and in a container that container must be privileged. */
export function namespacesAllowed(): boolean {
  allowed ??= spawnSync(UNSHARE, ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' }).status === 0;
  return allowed;
}

/** The home folder of a uid in an image's /etc/passwd, as Docker sets it. */
function homeOf(rootfs: string, uid: string): string {
  const file = join(rootfs, 'etc/passwd');
  const users = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return users.map((line) => line.split(':')).find((user) => user[2] === uid)?.[5] || '/';
}

/**
 * Prepares a container's folders below `dir`, and returns what to spawn. The container's environment overrides the
 * image's; of the machine's environment it inherits only PATH, and only if the image has no root file system.
 * @throws Error if the container cannot be made
 */
export function prepareLaunch(id: string, config: ContainerConfig, image: ImageSpec, dir: string): Launch {
  const entrypoint = config.Entrypoint?.length ? config.Entrypoint : (image.entrypoint ?? []);
  // As with Docker, overriding the entry point also drops the image's arguments.
  const ownArguments = config.Entrypoint?.length ? [] : (image.cmd ?? []);
  const command = [...entrypoint, ...(config.Cmd?.length ? config.Cmd : ownArguments)];
  if (command.length === 0) throw new Error(`no command: neither the image ${config.Image} nor the container has one`);

  const user = config.User || image.user || '0:0';
  if (!/^\d+:\d+$/.test(user)) throw new Error(`user ${user}: it must be uid:gid, in numbers`);
  const work = join(dir, 'workdir');
  mkdirSync(work, { recursive: true });
  const env: Record<string, string> = {
    PATH: image.rootfs === undefined ? (process.env.PATH ?? PATH) : PATH,
    HOME: image.rootfs === undefined ? work : homeOf(image.rootfs, user.split(':')[0] as string),
    HOSTNAME: id.slice(0, 12),
    ...image.env,
    ...parseEnv(config.Env ?? []),
  };
  if (!namespacesAllowed()) {
    if (image.rootfs !== undefined || config.User || image.user) {
      throw new Error(
        `${config.Image}: a container with its own root file system or user needs root and permission to create namespaces: run the tests as root, and inside a container only if it is privileged`,
      );
    }
    return { argv: command, env, cwd: image.workdir ?? work, namespaces: false };
  }

  const host = config.HostConfig ?? {};
  const ca = env.NODE_EXTRA_CA_CERTS;
  const fstab = join(dir, 'fstab');
  writeFileSync(
    fstab,
    image.rootfs === undefined
      ? 'proc /proc proc defaults 0 0\n'
      : buildLayer({
          rootfs: image.rootfs,
          dir,
          readonly: host.ReadonlyRootfs ?? false,
          volumes: [
            ...(image.volumes ?? [])
              .filter((path) => !host.Mounts?.some((mount) => mount.Target === path))
              .map((path) => ({ path, readonly: false })),
            ...(host.Mounts ?? []).map((mount) => ({ path: mount.Target, readonly: mount.ReadOnly ?? false })),
          ],
          files: ca === undefined ? [] : [ca],
        }),
  );
  const cwd = config.WorkingDir || image.workdir || (image.rootfs === undefined ? work : '/');
  const [uid, gid] = user.split(':') as [string, string];
  const root = image.rootfs === undefined ? '/' : join(dir, 'root');
  return {
    argv: [
      ...[UNSHARE, '--pid', '--fork', '--mount', '--propagation', 'private', '--'],
      ...['/bin/sh', FIRST_PROCESS, fstab, String(host.Init ?? false)],
      ...[UNSHARE, `--root=${root}`, `--wd=${cwd}`, `--setgid=${gid}`, `--setuid=${uid}`, '--', ...command],
    ],
    env,
    cwd: dir,
    namespaces: true,
  };
}
