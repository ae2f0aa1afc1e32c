// Bundles the programs into dist/: all, or the named ones (`build-bundles.mjs worker`).
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const dist = join(root, 'dist');

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  // commander and parts of the AWS SDK are CommonJS, which loads Node's modules with require.
  banner: {
    js: "import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);",
  },
  logLevel: 'warning',
};

const program = (source) => ({
  source,
  extension: '.js',
  // esbuild finds its own binary beside its package.
  options: { ...shared, target: 'node20', external: ['esbuild'], sourcemap: true },
});

/** A folder of its own, the Lambda's asset: minified for a quick cold start; names are kept, as logs show errors' names. */
const lambda = (source) => ({
  source,
  extension: '.mjs',
  options: { ...shared, target: 'node22', minify: true, keepNames: true },
});

/** By the path in dist/, without extension. */
const BUNDLES = {
  cli: program('cli/main.ts'),
  worker: program('worker/main.ts'),
  demo: program('demo/main.ts'),
  'lambda/coordinator/index': lambda('lambda/coordinator/handler.ts'),
  'lambda/stopper/index': lambda('lambda/stopper/handler.ts'),
};

/**
 * Bundles into dist/.
 * @param names of programs; by default all whose source is present
 * @throws Error if a name is unknown or a source does not bundle.
 */
export async function buildBundles(
  names = Object.keys(BUNDLES).filter((name) => existsSync(join(root, BUNDLES[name].source))),
) {
  const unknown = names.find((name) => !(name in BUNDLES));
  if (unknown !== undefined)
    throw new Error(`there is no bundle ${JSON.stringify(unknown)}: name some of ${Object.keys(BUNDLES).join(', ')}`);
  mkdirSync(dist, { recursive: true });
  // Built in another folder, then renamed: a program that starts now must find a complete file.
  const aside = mkdtempSync(join(root, '.dist-'));
  try {
    await Promise.all(names.map((name) => bundle(name, aside)));
    for (const file of filesIn(aside)) {
      mkdirSync(dirname(join(dist, file)), { recursive: true });
      renameSync(join(aside, file), join(dist, file));
    }
  } finally {
    rmSync(aside, { recursive: true });
  }
}

function bundle(name, outdir) {
  const { source, extension, options } = BUNDLES[name];
  return build({ ...options, entryPoints: { [name]: source }, outdir, outExtension: { '.js': extension } });
}

const filesIn = (dir) =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  await buildBundles(names.length > 0 ? names : undefined).catch((error) => {
    process.stderr.write(`k6-fleet: ${error.message}\n`);
    process.exitCode = 1;
  });
}
