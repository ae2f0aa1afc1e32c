// Builds the Dockerfile for real where there is neither a Docker engine nor a registry, and unpacks the image:
// `build-image.mjs [task|demo]`. The image's layers are those of `docker build`; only its base images are local.
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

/** Of each image, what of .dockerignore's list no stage of it copies. */
const NO_PART_OF = {
  task: ['demo'],
  demo: ['core', 'k6', 'stores', 'worker', 'scripts/build-k6.sh'],
};
const TARGETS = Object.keys(NO_PART_OF);
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** What .dockerignore lets in, and what else decides about the image. */
function inputs(target) {
  const list = readFileSync(join(root, '.dockerignore'), 'utf8').matchAll(/^!(.+)$/gm);
  const allowed = [...list].map(([, path]) => path).filter((path) => !NO_PART_OF[target].includes(path));
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

/** The host's Go and npm: their caches, and where they fetch from; mounted, so that nothing of it gets into an image. */
async function hostSettings(scratch) {
  const names = ['GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GOPRIVATE', 'GOFLAGS'];
  const go = JSON.parse(await run('go', ['env', '-json', 'GOROOT', 'GOCACHE', 'GOMODCACHE', ...names]));
  const npm = JSON.parse(await run('npm', ['config', 'list', '--json']));
  // The project's npmrc, as the image's npm sees it: what holds here, wherever it was set.
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
  // Whoever held the lock before may have been killed.
  await buildah('rm', '--all');
  const bases = await baseImages();
  log(`building the image of ${target === 'task' ? 'a task' : 'the demo target'}, once for these sources…`);
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
 * Takes the image's files out, with their owners. The old ones stay for one build more: a container that another
 * process has started in them goes on there.
 */
async function unpack(tag, rootfs) {
  const fresh = `${rootfs}.new`;
  const previous = `${rootfs}.previous`;
  for (const dir of [fresh, previous, rootfs]) refuseMounts(dir);
  for (const dir of [fresh, previous]) rmSync(dir, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  chmodSync(fresh, 0o755); // whatever our umask is: the image's user must get in
  const container = await buildah('from', '--pull-never', tag);
  const mount = await buildah('mount', container);
  // The container is ours alone and goes at once: its files move.
  for (const entry of readdirSync(mount)) renameSync(join(mount, entry), join(fresh, entry));
  await buildah('rm', container);
  if (existsSync(rootfs)) renameSync(rootfs, previous);
  renameSync(fresh, rootfs);
}

/** To delete below a mount would delete what is mounted there. */
function refuseMounts(dir) {
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4])
    .find((point) => point === dir || point?.startsWith(`${dir}/`));
  if (mounted !== undefined) throw new Error(`${mounted} is still mounted: unmount it, then build the image again`);
}

/**
 * The image of a target, built and unpacked under .cache/image; again only when what it is made of has changed.
 * @throws Error with one line where this machine cannot, or with the end of the build's output.
 */
export async function buildImage({ target = 'task' } = {}) {
  if (!TARGETS.includes(target)) throw new Error(`no image ${JSON.stringify(target)}: name ${TARGETS.join(' or ')}`);
  const reason = whyNoImage();
  if (reason !== null) throw new Error(reason);
  const record = join(imageCache, target, 'image.json');
  const built = (stamp) => {
    if (!existsSync(record)) return null;
    const { stamp: have, image } = JSON.parse(readFileSync(record, 'utf8'));
    return have === stamp && existsSync(image.rootfs) ? image : null;
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

/** What the image's own configuration says of a container that runs it. */
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
