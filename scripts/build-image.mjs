// Builds the Dockerfile without a Docker engine or a registry, and unpacks the image: `build-image.mjs [task|demo]`. The
// layers of the image are those of `docker build`; only its base images are local.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { baseImages, GO_MODULES, GO_ROOT } from './base-images.mjs';
import { buildah, ensureBuildah, imageCache, lock, log, run, whyNoImage } from './buildah.mjs';

export { whyNoImage };

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The paths in .dockerignore that no stage of an image copies. */
const UNUSED = {
  task: ['demo'],
  demo: ['core', 'k6', 'stores', 'worker', 'scripts/build-k6.sh'],
};
const TARGETS = Object.keys(UNUSED);
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** The files that determine the image: what .dockerignore admits, the Dockerfile, and these scripts. */
function inputs(target) {
  const list = readFileSync(join(root, '.dockerignore'), 'utf8').matchAll(/^!(.+)$/gm);
  const allowed = [...list].map(([, path]) => path).filter((path) => !UNUSED[target].includes(path));
  const scripts = ['base-images.mjs', 'build-image.mjs', 'buildah.mjs'].map((name) => `scripts/${name}`);
  return ['Dockerfile', '.dockerignore', ...scripts, ...allowed].flatMap(files).sort();
}

function files(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((entry) => files(`${path}/${entry}`));
}

function stampOf(target) {
  const hash = createHash('sha256')
    .update(process.version)
    .update(execFileSync('go', ['version']));
  for (const file of inputs(target)) hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** Caches and sources of the host's Go and npm, as arguments and mounts, so that they do not end up in the image. */
async function hostSettings(scratch) {
  const names = ['GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GOPRIVATE', 'GOFLAGS'];
  const go = JSON.parse(await run('go', ['env', '-json', 'GOROOT', 'GOCACHE', 'GOMODCACHE', ...names]));
  const npm = JSON.parse(await run('npm', ['config', 'list', '--json']));
  // The npmrc of the project in the build: npm's effective settings here, wherever they were set.
  const npmrc = join(scratch, 'npmrc');
  const lines = [`registry=${npm.registry}`, 'prefer-offline=true'];
  if (typeof npm.cafile === 'string') lines.push(`cafile=${CERTIFICATES}`);
  writeFileSync(npmrc, `${lines.join('\n')}\n`, { mode: 0o600 });
  const volumes = [
    [go.GOROOT, `${GO_ROOT}:ro`],
    [go.GOCACHE, '/root/.cache/go-build'],
    [go.GOMODCACHE, GO_MODULES],
    [npm.cache, '/root/.npm'],
    [npmrc, '/src/.npmrc:ro'],
    [npm.userconfig, '/root/.npmrc:ro'],
    [typeof npm.cafile === 'string' ? npm.cafile : CERTIFICATES, `${CERTIFICATES}:ro`],
  ].filter(([from]) => existsSync(from));
  return [
    ...names.filter((name) => go[name]).flatMap((name) => ['--build-arg', `${name}=${go[name]}`]),
    ...volumes.flatMap(([from, to]) => ['--volume', `${from}:${to}`]),
  ];
}

async function build(target, tag) {
  await ensureBuildah();
  // A build that was killed may have left containers.
  await buildah('rm', '--all');
  const bases = await baseImages();
  log(
    `building the image of ${target === 'task' ? 'a task' : 'the demo target'}, once for this version of its sources…`,
  );
  const scratch = mkdtempSync(join(tmpdir(), 'k6-fleet-image-'));
  try {
    await buildah(
      'build',
      ...['--pull-never', '--target', target, '--tag', tag, '--file', join(root, 'Dockerfile')],
      ...['--build-arg', `NODE_IMAGE=${bases.node}`, '--build-arg', `GO_IMAGE=${bases.go}`],
      ...(await hostSettings(scratch)),
      root,
    );
  } finally {
    rmSync(scratch, { recursive: true });
  }
  await buildah('rmi', '--prune');
  return bases.node;
}

const inspect = async (tag) => JSON.parse(await buildah('inspect', '--type', 'image', tag));
const layers = (image) => JSON.parse(image.Manifest).layers;

/**
 * Unpacks the image's files, with their owners. The previous files are kept until the next build, because another process
 * may still be running a container in them.
 */
async function unpack(tag, rootfs) {
  const fresh = `${rootfs}.new`;
  const previous = `${rootfs}.previous`;
  for (const dir of [fresh, previous, rootfs]) refuseMounts(dir);
  for (const dir of [fresh, previous]) rmSync(dir, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  chmodSync(fresh, 0o755); // whatever our umask is: the image's user needs access
  const container = await buildah('from', '--pull-never', tag);
  const mount = await buildah('mount', container);
  // Nothing else uses the container, which is removed at once: its files can be moved.
  for (const entry of readdirSync(mount)) renameSync(join(mount, entry), join(fresh, entry));
  await buildah('rm', container);
  if (existsSync(rootfs)) renameSync(rootfs, previous);
  renameSync(fresh, rootfs);
}

/** Deleting a folder below a mount point would delete the mounted files. */
function refuseMounts(dir) {
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4])
    .find((point) => point === dir || point?.startsWith(`${dir}/`));
  if (mounted !== undefined) throw new Error(`${mounted} is still mounted: unmount it, then build the image again`);
}

/**
 * The image of a target, built and unpacked under .cache/image; rebuilt only if its sources have changed.
 * @throws Error with one line if this machine cannot build it, or with the end of the build's output.
 */
export async function buildImage({ target = 'task' } = {}) {
  if (!TARGETS.includes(target)) throw new Error(`no image ${JSON.stringify(target)}: use ${TARGETS.join(' or ')}`);
  const reason = whyNoImage();
  if (reason !== null) throw new Error(reason);
  const record = join(imageCache, target, 'image.json');
  const built = (stamp) => {
    if (!existsSync(record)) return null;
    const { stamp: builtStamp, image } = JSON.parse(readFileSync(record, 'utf8'));
    return builtStamp === stamp && existsSync(image.rootfs) ? image : null;
  };
  const ready = built(stampOf(target));
  if (ready !== null) return ready;
  const unlock = await lock(join(imageCache, 'lock'));
  try {
    const stamp = stampOf(target);
    const meanwhile = built(stamp);
    if (meanwhile !== null) return meanwhile;
    rmSync(record, { force: true });
    const tag = `localhost/k6-fleet/${target}`;
    const base = await build(target, tag);
    const rootfs = join(imageCache, target, 'rootfs');
    await unpack(tag, rootfs);
    const image = { rootfs, ...(await describe(tag, base)) };
    writeFileSync(record, JSON.stringify({ stamp, image }));
    return image;
  } finally {
    unlock();
  }
}

/** The container settings in the image's configuration. */
async function describe(tag, base) {
  const image = await inspect(tag);
  const { Entrypoint, Cmd, Env, User, WorkingDir, Volumes } = image.OCIv1.config;
  const ours = layers(image).slice(layers(await inspect(base)).length);
  return {
    entrypoint: Entrypoint ?? [],
    cmd: Cmd ?? [],
    env: Object.fromEntries((Env ?? []).map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
    user: User ?? '',
    workdir: WorkingDir || '/',
    volumes: Object.keys(Volumes ?? {}),
    bytes: ours.reduce((sum, { size }) => sum + size, 0),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${JSON.stringify(await buildImage({ target: process.argv[2] }), null, 2)}\n`);
  } catch (error) {
    log(error.message);
    process.exitCode = 1;
  }
}
