import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const script = (name: string) => join(root, 'scripts', name);

/** https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html and ch5.pheader.html */
const EM_AARCH64 = 183;
const PT_INTERP = 3;

describe('build-k6.sh', () => {
  const dir = mkdtempSync(join(tmpdir(), 'k6-fleet-cross-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  it('builds for another architecture, statically', { timeout: 900_000 }, async () => {
    const env = { ...process.env, GOOS: 'linux', GOARCH: 'arm64' };
    await run('sh', [script('build-k6.sh'), 'k6'], { cwd: dir, env });
    const binary = readFileSync(join(dir, 'k6'));
    expect(binary.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(binary.readUInt16LE(18)).toBe(EM_AARCH64);
    const [start, size, count] = [Number(binary.readBigUInt64LE(32)), binary.readUInt16LE(54), binary.readUInt16LE(56)];
    const segments = Array.from({ length: count }, (_, index) => binary.readUInt32LE(start + index * size));
    expect(segments).not.toContain(PT_INTERP);
  });

  it('names the argument that it requires', async () => {
    await expect(run('sh', [script('build-k6.sh')])).rejects.toMatchObject({
      code: 2,
      stderr: 'build-k6.sh: got 0 arguments, takes one: the path of the binary to write\n',
    });
  });
});

describe('build-bundles.mjs', () => {
  it('lists the bundles for an unknown one', async () => {
    await expect(run(process.execPath, [script('build-bundles.mjs'), 'nix'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^k6-fleet: there is no bundle "nix": name some of cli, worker, demo, .+\n$/),
    });
  });

  const lambdas = ['coordinator', 'stopper'].filter((name) => existsSync(join(root, 'lambda', name, 'handler.ts')));
  it.each(lambdas)('makes one self-contained file for the Lambda %s', (name) => {
    const folder = join(root, 'dist', 'lambda', name);
    expect(readdirSync(folder)).toEqual(['index.mjs']);
    const code = readFileSync(join(folder, 'index.mjs'), 'utf8');
    const imported = [...code.matchAll(/^import\b[^;]*?\bfrom\s*"([^"]+)"|[;\n]import[^;"]*from"([^"]+)"/g)];
    const modules = imported.map(([, first, second]) => (first ?? second ?? '').replace(/^node:/, ''));
    expect(modules.length).toBeGreaterThan(0);
    expect(modules.filter((module) => !builtinModules.includes(module))).toEqual([]);
  });
});
