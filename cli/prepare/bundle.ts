import { isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** Imports that k6 resolves itself. */
const isK6Import = (path: string) => path === 'k6' || path.startsWith('k6/') || /^https?:/.test(path);
const isFile = (path: string) => path.startsWith('.') || path.startsWith('/') || path.startsWith('file:');

/** Leaves k6's own and remote modules to k6, and calls back if an npm package is imported anywhere. */
function k6Imports(onPackage: () => void): Plugin {
  return {
    name: 'k6-imports',
    setup(setup) {
      setup.onResolve({ filter: /.*/ }, ({ path, kind }) => {
        if (kind === 'entry-point' || isFile(path)) return undefined;
        if (isK6Import(path)) return { path, external: true };
        if (!isBuiltin(path)) onPackage();
        return undefined;
      });
    },
  };
}

/**
 * Bundles a script with the npm packages that it imports.
 * @returns the bundle; null if it imports none, or cannot be read, which k6 reports better
 */
export async function bundleNpmImports(
  source: { file: string } | { text: string; dir: string },
): Promise<string | null> {
  let hasPackage = false;
  try {
    const result = await build({
      ...('file' in source
        ? { entryPoints: [source.file], absWorkingDir: dirname(source.file) }
        : { stdin: { contents: source.text, resolveDir: source.dir, loader: 'js' as const } }),
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      mainFields: ['module', 'main'],
      target: 'es2022',
      logLevel: 'silent',
      plugins: [
        k6Imports(() => {
          hasPackage = true;
        }),
      ],
    });
    return hasPackage ? (result.outputFiles[0]?.text ?? null) : null;
  } catch {
    return null;
  }
}
