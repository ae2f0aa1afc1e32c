// Base images for the Dockerfile, without a registry: Debian by debootstrap, with the Node of this machine.
import { chmodSync, cpSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildah, log, onPath, run } from './buildah.mjs';

const DEBIAN = 'bookworm';
const NAME = 'localhost/k6-fleet-base';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where the Go image has Go, as Docker's image does: this machine's Go is mounted there during the build. */
export const GO_ROOT = '/usr/local/go';
export const GO_MODULES = '/go/pkg/mod';

const exists = async (tag) => (await buildah('images', '--quiet', '--filter', `reference=${tag}`)) !== '';

/** Makes an image from a container, after `fill` has changed its root. */
async function make(tag, from, fill, config) {
  const container = await buildah('from', '--pull-never', from);
  await fill(await buildah('mount', container));
  await buildah('config', ...config, container);
  await buildah('commit', '--quiet', '--rm', container, tag);
}

async function debian(root) {
  log(`making a base image of Debian ${DEBIAN}, once (half a minute)…`);
  await run('debootstrap', ['--variant=minbase', DEBIAN, root]);
  for (const dir of ['var/cache/apt', 'var/lib/apt/lists', 'var/log', 'usr/share/doc', 'usr/share/man'])
    rmSync(join(root, dir), { recursive: true, force: true });
  mkdirSync(join(root, 'var/log'));
  chmodSync(root, 0o755);
}

/** Node and npm at the same paths as in Docker's image. */
function node(root) {
  const local = join(root, 'usr', 'local');
  cpSync(process.execPath, join(local, 'bin', 'node'));
  const modules = join(local, 'lib', 'node_modules');
  mkdirSync(modules, { recursive: true });
  cpSync(npmFolder(), join(modules, 'npm'), { recursive: true, verbatimSymlinks: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin', 'npm'));
}

/** The folder of npm, found by the link `npm` on the PATH. */
function npmFolder() {
  const link = onPath('npm');
  if (link === null) throw new Error('npm is not on the PATH: install Node with npm');
  return dirname(dirname(realpathSync(link)));
}

/**
 * Makes the base images that the storage lacks.
 * @returns their names, for the build arguments NODE_IMAGE and GO_IMAGE.
 */
export async function baseImages() {
  const images = {
    debian: `${NAME}/debian:${DEBIAN}`,
    node: `${NAME}/node:${process.versions.node}-${DEBIAN}`,
    go: `${NAME}/go:${DEBIAN}`,
  };
  if (!(await exists(images.debian))) await make(images.debian, 'scratch', debian, ['--env', `PATH=${PATH}`]);
  // As in Docker's image: a command, which the Dockerfile must replace.
  if (!(await exists(images.node))) await make(images.node, images.debian, node, ['--cmd', 'node']);
  if (!(await exists(images.go))) {
    const env = [`GOPATH=/go`, 'GOTOOLCHAIN=local', `PATH=/go/bin:${GO_ROOT}/bin:${PATH}`];
    await make(
      images.go,
      images.debian,
      () => undefined,
      env.flatMap((each) => ['--env', each]),
    );
  }
  return { node: images.node, go: images.go };
}
