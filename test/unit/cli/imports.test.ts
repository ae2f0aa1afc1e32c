import { build, type Metafile } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../../cli/package-root.ts';

/** The modules of a program, by path in the repository, and the packages that it imports. */
async function modulesOf(entry: string, { dynamic }: { dynamic: boolean }): Promise<Set<string>> {
  const { metafile } = await build({
    absWorkingDir: packageRoot,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  return reachable(metafile, entry, dynamic);
}

function reachable({ inputs }: Metafile, entry: string, dynamic: boolean): Set<string> {
  const found = new Set([entry]);
  for (const path of found) {
    for (const { path: imported, kind } of inputs[path]?.imports ?? []) {
      if (dynamic || kind !== 'dynamic-import') found.add(imported);
    }
  }
  return found;
}

const isAws = (path: string) =>
  path.startsWith('@aws-sdk/') || /^cli\/stack\/|^stores\/s3|^fleets\/fargate\//.test(path);

let atStart: Set<string>;
beforeAll(async () => {
  atStart = await modulesOf('cli/main.ts', { dynamic: false });
});

it('loads nothing of AWS before a command asks for a stack', () => {
  expect(atStart).toContain('cli/commands/attach.ts');
  expect(atStart).toContain('cli/follow.ts');
  expect([...atStart].filter(isAws)).toEqual([]);
});

it('can load AWS', async () => {
  const all = await modulesOf('cli/main.ts', { dynamic: true });
  expect(all).toContain('cli/stack/run.ts');
  expect(all).toContain('@aws-sdk/client-s3');
});
