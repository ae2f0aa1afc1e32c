import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../cli/package-root.ts';
import type { BenchContext } from './context.ts';
import type { Report } from './report.ts';

const AT_MOST = 60;

/** How many resources the default stack has, as `npx cdk synth` makes it. */
export async function benchResources({ dir }: BenchContext): Promise<Report> {
  return resourcesReport(await resourceTypes(dir));
}

/** The type of each resource of the default configuration. Synthesized in a process of its own. */
async function resourceTypes(dir: string): Promise<string[]> {
  const { context } = JSON.parse(await readFile(join(packageRoot, 'cdk.json'), 'utf8')) as { context: object };
  const env = {
    ...process.env,
    CDK_OUTDIR: dir,
    // No image is built: with one that exists already there is the same stack.
    CDK_CONTEXT_JSON: JSON.stringify({ ...context, 'k6-fleet:image': 'registry.example/task:1' }),
  };
  await promisify(execFile)(process.execPath, ['--import', 'tsx', join(packageRoot, 'bin', 'app.ts')], {
    cwd: packageRoot,
    env,
  });
  const types: string[] = [];
  for (const file of (await readdir(dir)).filter((name) => name.endsWith('.template.json'))) {
    const template = JSON.parse(await readFile(join(dir, file), 'utf8')) as {
      Resources: Record<string, { Type: string }>;
    };
    types.push(...Object.values(template.Resources).map(({ Type }) => Type));
  }
  return types;
}

/** @param types such as `AWS::EC2::Subnet`, one a resource */
function resourcesReport(types: string[]): Report {
  const services = new Map<string, number>();
  for (const type of types) {
    const service = type.split('::')[1] ?? type;
    services.set(service, (services.get(service) ?? 0) + 1);
  }
  const largestFirst = [...services].toSorted(([, a], [, b]) => b - a);
  return {
    name: 'resources',
    title: 'Resources of the default stack',
    head: ['service', 'resources'],
    rows: [...largestFirst.map(([service, count]) => [service, String(count)]), ['all', String(types.length)]],
    aims: [{ what: 'resources of the default stack', value: types.length, atMost: AT_MOST }],
    notes: [],
    data: types,
  };
}
