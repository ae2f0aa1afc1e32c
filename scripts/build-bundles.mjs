// Bundles the programs that run without TypeScript: the CLI, the worker, the demo.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export async function buildBundles() {
  await build({
    absWorkingDir: root,
    entryPoints: { cli: 'cli/main.ts', worker: 'worker/main.ts', demo: 'demo/main.ts' },
    outdir: join(root, 'dist'),
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
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildBundles();
