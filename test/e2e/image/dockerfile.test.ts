import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { DockerImageAsset } from 'aws-cdk-lib/aws-ecr-assets';
import { afterAll, describe, expect, it } from 'vitest';
import { parseDockerfile } from './dockerfile.ts';

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const { args, stages } = parseDockerfile(read('Dockerfile'));
const images = stages.filter(({ body }) => body.some(({ name }) => name === 'ENTRYPOINT'));

describe('the Dockerfile', () => {
  it('pins its base images to exact versions', () => {
    expect(args).toEqual({
      GO_IMAGE: expect.stringMatching(/^golang:\d+\.\d+\.\d+-bookworm$/),
      NODE_IMAGE: expect.stringMatching(/^node:22\.\d+\.\d+-bookworm-slim$/),
    });
  });

  it('has at least the Go version of go.mod', () => {
    const wanted = /^go (\d+)\.(\d+)/m.exec(read('k6/go.mod'))?.slice(1).map(Number) ?? [];
    const [major = 0, minor = 0] = args.GO_IMAGE?.match(/\d+/g)?.map(Number) ?? [];
    expect([major, minor >= (wanted[1] ?? 0)]).toEqual([wanted[0], true]);
  });

  it.each(stages.map((stage, index) => ({ ...stage, index })))('bases $name on an argument or a stage', (stage) => {
    const earlier = stages.slice(0, stage.index).map(({ name }) => name);
    expect([...earlier, ...Object.keys(args).map((name) => `\${${name}}`)]).toContain(stage.from);
  });

  it('builds the images of the demo and, last, of a task', () => {
    expect(images.map(({ name }) => name)).toEqual(['demo', 'task']);
    expect(stages.at(-1)?.name).toBe('task');
  });

  it.each(images)('only copies in the image of $name, so that no emulation is needed', ({ body, onBuildPlatform }) => {
    expect(onBuildPlatform).toBe(false);
    expect(body.filter(({ name }) => name === 'RUN' || name === 'ADD')).toEqual([]);
    for (const { args } of body.filter(({ name }) => name === 'COPY')) expect(args).toMatch(/^--from=/);
  });

  it('runs commands on the build platform only', () => {
    const native = new Set<string>();
    for (const { name, from, onBuildPlatform, body } of stages) {
      if (onBuildPlatform || native.has(from)) native.add(name);
      else expect(body.filter((instruction) => instruction.name === 'RUN')).toEqual([]);
    }
    expect([...native]).toEqual(['packages', 'demo-build', 'worker', 'k6']);
  });
});

describe('.dockerignore', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'k6-fleet-asset-'));
  afterAll(() => rmSync(outdir, { recursive: true }));

  it('admits to the CDK asset only what the stages copy', () => {
    const stack = new Stack(new App({ outdir }));
    const { assetHash } = new DockerImageAsset(stack, 'Image', { directory: root });
    const staged = join(outdir, `asset.${assetHash}`);
    expect(readdirSync(staged).sort()).toEqual(
      [
        '.dockerignore',
        'Dockerfile',
        ...['package.json', 'package-lock.json', 'tsconfig.json'],
        ...['core', 'demo', 'k6', 'scripts', 'stores', 'worker'],
      ].sort(),
    );
    expect(readdirSync(join(staged, 'scripts')).sort()).toEqual(['build-bundles.mjs', 'build-k6.sh']);
    const files = readdirSync(staged, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /_test\.go$|\.md$|testdata/.test(file))).toEqual([]);
  });

  it('admits everything that the stages copy', () => {
    const allowed = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path);
    const copied = stages
      .flatMap(({ body }) => body)
      .filter(({ name, args }) => name === 'COPY' && !args.startsWith('--from='))
      .flatMap(({ args }) => args.split(' ').slice(0, -1));
    expect(copied.sort()).toEqual(allowed.sort());
  });
});
