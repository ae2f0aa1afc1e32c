import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ACCOUNT, type Emulator } from './emulator.ts';

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const CDK = join(ROOT, 'node_modules', '.bin', 'cdk');

export interface CdkApp {
  /** A folder with a synthesized app (cdk.out), or the command that synthesizes it. */
  app: string;
  /** Default: all. */
  stacks?: string[];
  /** Overrides of the app's context. */
  context?: Record<string, string>;
  /** The folder whose cdk.json applies, with its context and build command. Default: the project's. */
  cwd?: string;
}

/** Outputs by stack name and output name. */
export type StackOutputs = Record<string, Record<string, string>>;

/** Prepares the account for deployments, once per emulator. */
export async function bootstrap(emulator: Emulator): Promise<void> {
  // Outside the project: with its cdk.json, cdk would build and synthesize the app first.
  await cdk(emulator, tmpdir(), ['bootstrap', '--app', '', `aws://${ACCOUNT}/${emulator.region}`]);
}

/** Deploys, and returns the outputs. No image is built: the emulator answers that every image asset exists. */
export const deploy = (emulator: Emulator, app: CdkApp): Promise<StackOutputs> =>
  withApp(app, async (args, dir) => {
    const file = join(dir, 'outputs.json');
    await cdk(emulator, app.cwd, ['deploy', ...args, '--require-approval', 'never', '--outputs-file', file]);
    return JSON.parse(readFileSync(file, 'utf8')) as StackOutputs;
  });

export const destroy = (emulator: Emulator, app: CdkApp): Promise<void> =>
  withApp(app, (args) => cdk(emulator, app.cwd, ['destroy', ...args, '--force']));

/** Calls `use` with the arguments that select the app, and a temporary folder. */
async function withApp<T>(
  { app, stacks, context = {} }: CdkApp,
  use: (args: string[], dir: string) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'k6-fleet-cdk-'));
  try {
    const args = [
      ...(stacks ?? ['--all']),
      ...['--app', app],
      // Each synthesis gets its own folder, because several may run at once.
      ...(existsSync(app) ? [] : ['--output', join(dir, 'cdk.out')]),
      ...Object.entries(context).flatMap(([name, value]) => ['--context', `${name}=${value}`]),
    ];
    return await use(args, dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @throws Error with the output of cdk and of the emulator */
async function cdk(emulator: Emulator, cwd: string = ROOT, args: string[]): Promise<void> {
  const child = spawn(CDK, [...args, '--no-notices', '--ci'], {
    cwd,
    env: emulator.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if ((await code) === 0) return;
  throw new Error(`cdk ${args.join(' ')} failed:\n${output}${errors}\nThe emulator's log:\n${emulator.log()}`);
}
