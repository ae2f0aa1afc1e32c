import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Images } from '../../support/emulator/engine/images.ts';
import { findImage } from '../../support/emulator/engine/images.ts';
import { namespacesAllowed } from '../../support/emulator/engine/launch.ts';
import type { ContainerConfig } from '../../support/emulator/engine/protocol.ts';
import { makeTinyRootfs } from '../../support/emulator/fixtures/tiny-rootfs.ts';

const MAIN = fileURLToPath(new URL('../../support/emulator/engine/main.ts', import.meta.url));

describe('findImage', () => {
  it.each([
    { reference: 'app:1', found: 'exact' },
    { reference: 'app:12', found: 'exact' },
    { reference: 'app:2', found: 'prefix' },
    { reference: 'other:1', found: undefined },
  ])('gives $reference the image of the longest prefix: $found', ({ reference, found }) => {
    const images = { app: { workdir: 'prefix' }, 'app:1': { workdir: 'exact' } };
    expect(findImage(images, reference)?.workdir).toBe(found);
  });
});

describe('the container engine', () => {
  let dir: string;
  let end: () => Promise<void>;
  let engine: ReturnType<typeof spawn>;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'k6-fleet-engine-'));
    mkdirSync(join(dir, 'containers'));
  });
  afterEach(async () => {
    await end();
    rmSync(dir, { recursive: true });
  });

  async function start(images: Images): Promise<void> {
    writeFileSync(join(dir, 'images.json'), JSON.stringify(images));
    const args = ['--import', 'tsx', MAIN, join(dir, 'socket'), join(dir, 'containers'), join(dir, 'images.json')];
    engine = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    const ended = once(engine, 'exit');
    end = async () => {
      engine.kill();
      await ended;
    };
    await once(engine.stdout as NonNullable<typeof engine.stdout>, 'data');
  }

  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Buffer }> {
    const sent = request({ socketPath: join(dir, 'socket'), method, path: `/v1.48${path}`, agent: false });
    if (body !== undefined) sent.setHeader('content-type', 'application/json');
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = await once(sent, 'response');
    return { status: response.statusCode, body: await buffer(response) };
  }
  async function run(config: ContainerConfig): Promise<string> {
    const { Id } = JSON.parse((await call('POST', '/containers/create', config)).body.toString());
    expect(await call('POST', `/containers/${Id}/start`)).toMatchObject({ status: 204 });
    return Id;
  }
  const wait = async (id: string) =>
    JSON.parse((await call('POST', `/containers/${id}/wait`)).body.toString()).StatusCode;
  /** Its whole output, without the frames, once it has exited. */
  const output = async (id: string): Promise<string> => {
    const { body } = await call('GET', `/containers/${id}/logs?follow=1&stdout=1&stderr=1`);
    let text = '';
    for (let at = 0; at < body.length; ) {
      const size = body.readUInt32BE(at + 4);
      text += body.subarray(at + 8, at + 8 + size).toString();
      at += 8 + size;
    }
    return text;
  };
  const alive = (marker: string) =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker);
        } catch {
          return false;
        }
      });

  it('runs a command with the environment of image and container alone, and reports its exit code', async () => {
    await start({ 'host:': { entrypoint: ['/bin/sh', '-c'], cmd: ['exit 1'], env: { A: 'image', B: 'image' } } });
    const id = await run({ Image: 'host:1', Cmd: ['env; exit 5'], Env: ['B=own', 'C=a=b'] });
    expect(await wait(id)).toBe(5);
    const env = Object.fromEntries(
      (await output(id))
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    );
    expect(env).toMatchObject({ A: 'image', B: 'own', C: 'a=b', HOSTNAME: id.slice(0, 12) });
    const known = ['A', 'B', 'C', 'HOME', 'HOSTNAME', 'PATH', 'PWD', '_', 'SHLVL', 'OLDPWD'];
    expect(Object.keys(env).filter((name) => !known.includes(name))).toEqual([]);
    expect(readdirSync(join(dir, 'containers'))).toEqual([]);
  });

  it('knows only the images that it was given', async () => {
    await start({});
    expect(await call('POST', '/containers/create', { Image: 'host:1' })).toMatchObject({ status: 404 });
    expect(await call('POST', '/images/create?fromImage=host&tag=1')).toMatchObject({ status: 404 });
  });

  it('says why a container cannot start', async () => {
    await start({ host: { user: 'nobody' } });
    const { body } = await call('POST', '/containers/create', { Image: 'host', Cmd: ['true'] });
    const answer = await call('POST', `/containers/${JSON.parse(body.toString()).Id}/start`);
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body.toString()).message).toContain('user nobody: it must be uid:gid');
  });

  const LOOP = 'while :; do sleep 0.05; done';

  it.each([
    { how: 'as PID 1', init: false },
    { how: 'below an init', init: true },
  ])('stops a process $how by SIGTERM and waits for it', async ({ init }) => {
    await start({ host: { entrypoint: ['/bin/sh', '-c'] } });
    const command = `trap 'echo bye; exit 9' TERM; echo ready; ${LOOP}`;
    const id = await run({ Image: 'host', Cmd: [command], HostConfig: { Init: init } });
    await vi.waitFor(async () => {
      const { body } = await call('GET', `/containers/${id}/logs`);
      expect(body.toString()).toContain('ready');
    });
    expect(await call('POST', `/containers/${id}/stop?t=60`)).toMatchObject({ status: 204 });
    expect(await wait(id)).toBe(9);
    expect(await output(id)).toBe('ready\nbye\n');
  });

  it('kills what ignores SIGTERM, with all its descendants', async () => {
    await start({ host: { entrypoint: ['/bin/sh', '-c'] } });
    const marker = `marker-${process.pid}-${Date.now()}`;
    const id = await run({
      Image: 'host',
      Cmd: [`trap '' TERM; setsid sh -c '${LOOP} # ${marker}' & echo ready; ${LOOP}`],
    });
    await vi.waitFor(() => expect(alive(marker).length).toBeGreaterThan(0));
    await call('POST', `/containers/${id}/stop?t=0`);
    expect(await wait(id)).toBe(137);
    if (namespacesAllowed()) expect(alive(marker)).toEqual([]);
  });

  it.each([
    { how: 'SIGTERM', quit: () => engine.kill('SIGTERM') },
    { how: 'the end of its stdin', quit: () => engine.stdin?.end() },
  ])('ends with all containers at $how', async ({ quit }) => {
    await start({ host: { entrypoint: ['/bin/sh', '-c'] } });
    const marker = `marker-${process.pid}-${Date.now()}`;
    await run({ Image: 'host', Cmd: [`trap '' TERM; ${LOOP} # ${marker}`] });
    await vi.waitFor(() => expect(alive(marker).length).toBeGreaterThan(0));
    const ended = once(engine, 'exit');
    quit();
    await ended;
    expect(alive(marker)).toEqual([]);
    expect(readdirSync(join(dir, 'containers'))).toEqual([]);
    expect(existsSync(join(dir, 'socket'))).toBe(false);
  });

  const skipped = namespacesAllowed() ? '' : ' (skipped: this machine allows no namespaces: Linux and root are needed)';
  describe.skipIf(skipped !== '')(`in an image's root file system${skipped}`, () => {
    const image = () => {
      const rootfs = join(dir, 'rootfs');
      mkdirSync(rootfs);
      makeTinyRootfs(rootfs);
      return { rootfs, entrypoint: ['/bin/sh', '-c'], user: '1234:1234', workdir: '/data', volumes: ['/data'] };
    };
    const inside = async (command: string, config: Partial<ContainerConfig> = {}) => {
      const id = await run({ Image: 'tiny:1', Cmd: [command], ...config });
      const code = await wait(id);
      return { code, lines: (await output(id)).trim().split('\n') };
    };

    it("is the image's user in the image's folder, and sees nothing of the machine", async () => {
      await start({ 'tiny:': image() });
      const { code, lines } = await inside(
        `id -u; id -g; pwd; echo $HOME; [ -e ${MAIN} ] || echo apart; ls /proc/self/exe`,
      );
      expect({ code, lines }).toEqual({
        code: 0,
        lines: ['1234', '1234', '/data', '/home/app', 'apart', '/proc/self/exe'],
      });
    });

    it('may write its volumes, and where the root is read-only nothing else', async () => {
      await start({ 'tiny:': image() });
      const work = { Target: '/var/work', Type: 'volume', ReadOnly: false };
      const { lines } = await inside(
        'cat seed; echo x > /data/x && echo volume; stat -c %u:%a /data; (echo x > /tmp/x) 2> /dev/null || echo no; echo x > /dev/null && echo null; (echo x > /var/work/x) && echo mount',
        { User: '0:0', HostConfig: { ReadonlyRootfs: true, Mounts: [work] } },
      );
      expect(lines).toEqual(['from the image', 'volume', '1234:755', 'no', 'null', 'mount']);
    });

    it('keeps what it writes to itself', async () => {
      const spec = image();
      await start({ 'tiny:': spec });
      await inside('echo x > /tmp/mine; echo x > /data/mine', { User: '0:0' });
      expect(existsSync(join(spec.rootfs, 'tmp/mine'))).toBe(false);
      expect((await inside('ls /tmp /data')).lines).not.toContain('mine');
      expect(readdirSync(join(dir, 'containers'))).toEqual([]);
      expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(dir);
    });

    it('finds the certificate that it is told to trust', async () => {
      await start({ 'tiny:': image() });
      const ca = join(dir, 'ca.crt');
      writeFileSync(ca, 'certificate\n', { mode: 0o600 });
      const { lines } = await inside('cat "$NODE_EXTRA_CA_CERTS"', { Env: [`NODE_EXTRA_CA_CERTS=${ca}`] });
      expect(lines).toEqual(['certificate']);
    });
  });
});
