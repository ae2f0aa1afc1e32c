// Bundles the programs that run without TypeScript: the CLI, the worker, the demo.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const dist = join(root, 'dist');

export async function buildBundles() {
  mkdirSync(dist, { recursive: true });
  // A program that starts at this moment must find its file whole: built beside dist/, then renamed.
  const aside = mkdtempSync(join(root, '.dist-'));
  await build({
    absWorkingDir: root,
    entryPoints: { cli: 'cli/main.ts', worker: 'worker/main.ts', demo: 'demo/main.ts' },
    outdir: aside,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // esbuild finds its own binary beside its package; commander is CommonJS and asks for node's modules by require.
    external: ['esbuild'],
    banner: {
      js: "import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);",
    },
    sourcemap: true,
    logLevel: 'warning',
  });
  for (const name of readdirSync(aside)) renameSync(join(aside, name), join(dist, name));
  rmSync(aside, { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildBundles();
