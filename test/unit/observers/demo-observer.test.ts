import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../core/errors.ts';
import { startDemo } from '../../../demo/server.ts';
import { createObserver } from '../../../observers/create-observer.ts';
import { DemoObserver } from '../../../observers/demo-observer.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Starts a server with that handler. */
async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const json =
  (read: () => unknown): RequestListener =>
  (_, response) =>
    response.end(JSON.stringify(read()));

const STATE = { desired: 2, running: 2, pending: 0, max: 10, utilization: null };

describe('DemoObserver', () => {
  it('reports its series, with the share of slots in use in %', async () => {
    const url = await answering(json(() => ({ ...STATE, utilization: 0.4, events: [] })));

    expect(await new DemoObserver(url, () => 42).observe(0)).toMatchObject({
      samples: [
        { series: 'maximum', at: 42, value: 10 },
        { series: 'utilization', at: 42, value: 40 },
      ],
      maximum: 10,
    });
  });

  it('reads a real demo', async () => {
    const demo = await startDemo({ minTasks: 3 });
    closing.push(() => demo.close());

    const observed = await createObserver(`demo:${demo.url}`).observe(0);

    expect(observed).toEqual({
      reading: { at: expect.any(Number), desired: 3, running: 3, pending: 0 },
      events: [],
      samples: [{ series: 'maximum', at: expect.any(Number), value: expect.any(Number) }],
      alarms: [],
      maximum: expect.any(Number),
    });
  });

  it('says what an event means for the counts', async () => {
    const texts = [
      'Successfully set desired count to 5. Change successfully fulfilled by ecs.',
      '(service demo) has started 3 tasks.',
      '(service demo) has reached a steady state.',
    ];
    const events = texts.map((message, i) => ({ id: i + 1, at: 10 + i, message }));
    const url = await answering(json(() => ({ ...STATE, events })));

    expect((await new DemoObserver(url, () => 42).observe(0)).events).toEqual([
      { at: 10, message: texts[0], desired: 5 },
      { at: 11, message: texts[1] },
      { at: 12, message: texts[2], steady: true },
    ]);
  });

  it('reports each event once', async () => {
    const events = [{ id: 1, at: 10, message: 'first' }];
    const url = await answering(json(() => ({ ...STATE, events })));
    const observer = new DemoObserver(url, () => 42);

    const first = await observer.observe(0);
    events.push({ id: 2, at: 10, message: 'second' });
    const second = await observer.observe(0);
    const third = await observer.observe(0);
    events.splice(0, 2, { id: 1, at: 99, message: 'after a restart' });
    const fourth = await observer.observe(0);

    expect(first).toMatchObject({ reading: { at: 42 }, events: [{ at: 10, message: 'first' }] });
    expect(second.events).toEqual([{ at: 10, message: 'second' }]);
    expect(third.events).toEqual([]);
    expect(fourth.events).toEqual([{ at: 99, message: 'after a restart' }]);
  });

  it.each<[string, RequestListener, string]>([
    ['answers with an error', (_, response) => response.writeHead(500).end(), 'status 500'],
    ['is something else', json(() => ({ hello: 'world' })), 'not the state of a demo'],
    ['is not JSON', (_, response) => response.end('SECRET'), 'not the state of a demo'],
    ['redirects', (_, response) => response.writeHead(302, { location: '/' }).end(), 'unexpected redirect'],
  ])('says in one line that a target %s', async (_, listener, why) => {
    const url = await answering(listener);

    await expect(new DemoObserver(url).observe(0)).rejects.toThrow(
      `the demo's state could not be read from ${url}/_demo/state: ${why}`,
    );
  });

  it('says why a target cannot be reached', async () => {
    const url = await answering(json(() => ({})));
    await closing.pop()?.();

    await expect(new DemoObserver(url).observe(0)).rejects.toThrow(/_demo\/state: connect ECONNREFUSED/);
  });
});

describe('createObserver', () => {
  const allowed = 'allowed: demo:<URL of the demo>, such as demo:http://127.0.0.1:8080';

  it.each([
    ['ecs:cluster/service', 'an unknown kind of target'],
    ['http://127.0.0.1:8080', 'an unknown kind of target'],
    ['', 'an unknown kind of target'],
    ['stack', 'only a run on a stack can observe its target: add --stack'],
    ['demo', 'not an http URL after "demo:"'],
    ['demo:127.0.0.1:8080', 'not an http URL after "demo:"'],
    ['demo:file:///etc/passwd', 'not an http URL after "demo:"'],
  ])('refuses %j', (observe, wrong) => {
    const create = () => createObserver(observe);

    expect(create).toThrow(UserError);
    expect(create).toThrow(`observe is ${JSON.stringify(observe)}: ${wrong}; ${allowed}`);
  });
});
