// Debian's buildah, run with a storage under .cache/image, so that the user's storage is not touched.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const imageCache = join(dirname(dirname(fileURLToPath(import.meta.url))), '.cache', 'image');

/** Part of util-linux, which every Linux has. */
const FLOCK = '/usr/bin/flock';
/** Debian packages: buildah builds images, debootstrap makes the root of a base image. */
const PACKAGES = ['buildah', 'debootstrap'];

export const log = (line) => process.stderr.write(`k6-fleet: ${line}\n`);

/** The path of a program; null: it is not on the PATH. */
export function onPath(program) {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(dir, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return null;
}

const missingPackages = () => PACKAGES.filter((name) => onPath(name) === null);

/** Why this machine cannot build the image without a Docker engine, in one line; null: it can build it. */
export function whyNoImage() {
  const needs = 'to build the image without a Docker engine';
  if (process.platform !== 'linux') return `${process.platform}: Linux is needed ${needs}`;
  if (process.getuid() !== 0) return `user id ${process.getuid()}: root is needed ${needs}`;
  if (onPath('go') === null) return `Go is not on the PATH: it is needed ${needs}; install it from https://go.dev/dl`;
  const missing = missingPackages();
  if (missing.length > 0 && onPath('apt-get') === null)
    return `${missing.join(' and ')} not on the PATH, and there is no apt-get to install them: these Debian packages are needed ${needs}`;
  return null;
}

/**
 * Runs a program to its end.
 * @returns its standard output.
 * @throws Error with the last 30 lines of its output if it fails.
 */
export function run(file, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    let stdout = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      all += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(stdout.trim());
      else
        reject(
          new Error(
            `${file} ${args[0]} ended with ${signal ?? code}:\n${all.trim().split('\n').slice(-30).join('\n')}`,
          ),
        );
    });
  });
}

/**
 * Installs missing packages with apt-get.
 * @throws Error with one line if this machine cannot build the image.
 */
export async function ensureBuildah() {
  const reason = whyNoImage();
  if (reason !== null) throw new Error(reason);
  const missing = missingPackages();
  if (missing.length === 0) return;
  log(`installing ${missing.join(' and ')} from Debian, once…`);
  await run('apt-get', ['update', '-qq']);
  await run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...missing], {
    DEBIAN_FRONTEND: 'noninteractive',
  });
}

/** Runs a buildah command. vfs and chroot need no kernel features, so it works inside a container too. */
export function buildah(command, ...args) {
  const tmp = join(imageCache, 'tmp');
  mkdirSync(tmp, { recursive: true });
  const storage = [
    '--root',
    join(imageCache, 'storage'),
    '--runroot',
    join(imageCache, 'run'),
    '--storage-driver',
    'vfs',
  ];
  return run('buildah', [command, ...storage, ...args], { BUILDAH_ISOLATION: 'chroot', TMPDIR: tmp });
}

/**
 * Takes a lock among the processes of this machine. The kernel releases it if its holder dies.
 * @returns a function that releases it.
 */
export function lock(file) {
  mkdirSync(dirname(file), { recursive: true });
  return new Promise((resolve, reject) => {
    // cat exits when its input is closed, by us or by our death.
    const child = spawn(FLOCK, [file, 'sh', '-c', 'echo locked; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.once('error', reject);
    child.stdout.once('data', () => resolve(() => child.stdin.end()));
    child.once('close', (code) => reject(new Error(`${FLOCK} ${file} ended with ${code}`)));
  });
}
