// Builds k6 with our extensions into .cache/k6, or the given folder, and rebuilds it only if its sources have changed.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'k6');
/** How k6 is built; the image's Go stage runs it too. */
const script = join(root, 'scripts', 'build-k6.sh');

function sources(dir) {
  return readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? sources(join(dir, entry.name)) : [join(dir, entry.name)]))
    .filter((file) => /(\.go|go\.mod|go\.sum)$/.test(file) && !file.endsWith('_test.go'))
    .sort();
}

function stamp() {
  const hash = createHash('sha256');
  for (const file of [script, ...sources(source)]) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest('hex');
}

export function buildK6(cache = join(root, '.cache', 'k6')) {
  const binary = join(cache, 'k6');
  const stampFile = join(cache, 'stamp');
  const wanted = stamp();
  if (existsSync(binary) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    process.stderr.write(
      'k6-fleet: Go is missing: k6 is built with our extension, which needs Go 1.26 or later. Install it from https://go.dev/dl, or set K6_FLEET_K6 to the path of a k6 built with it.\n',
    );
    process.exit(1);
  }
  process.stderr.write('k6-fleet: building k6 with the fleet extension, once (a minute or two)…\n');
  mkdirSync(cache, { recursive: true });
  const mine = `${binary}.${process.pid}`;
  const built = spawnSync('sh', [script, mine], { stdio: ['ignore', 2, 2] });
  if (built.status !== 0) {
    rmSync(mine, { force: true });
    process.stderr.write('k6-fleet: go build failed: see above\n');
    process.exit(1);
  }
  renameSync(mine, binary);
  writeFileSync(stampFile, wanted);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildK6(process.argv[2]);
