import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, startDemo } from '../../../demo/server.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(() => demo.close());

const post = (path: string, body: string) => fetch(demo.url + path, { method: 'POST', body });

describe('the demo API', () => {
  it('has what the scripts check', async () => {
    const dashboard = await fetch(`${demo.url}/api/dashboard`);
    expect(dashboard.status).toBe(200);
    expect(await dashboard.json()).toHaveProperty('revenue');

    const ask = await post('/api/ask', JSON.stringify({ question: 'What is total revenue?' }));
    expect(await ask.json()).toMatchObject({ answer: expect.any(String), sql: expect.any(String) });

    const transactions = await fetch(`${demo.url}/api/transactions?limit=10`);
    expect(await transactions.json()).toMatchObject({ transactions: { length: 10 } });

    const accounts = await fetch(`${demo.url}/api/accounts`);
    expect(await accounts.json()).toHaveProperty('accounts');
  });

  it.each([
    ['/api/ask', 'no JSON', 400],
    ['/api/ask', '{}', 400],
    ['/api/ask', 'null', 400],
    ['/api/dashboard', '', 404],
  ])('answers POST %s with the body %j by %d', async (path, body, status) => {
    expect((await post(path, body)).status).toBe(status);
  });

  it.each(['/api/transactions?limit=0', '/api/transactions?limit=1000', '/api/transactions?limit=x'])(
    'refuses %s',
    async (path) => {
      expect((await fetch(demo.url + path)).status).toBe(400);
    },
  );

  it('answers 404 elsewhere, and 503 with no capacity left', async () => {
    expect((await fetch(`${demo.url}/nothing`)).status).toBe(404);

    const none = await startDemo({ minTasks: 0, autoscaling: false });
    const refused = await fetch(`${none.url}/api/dashboard`);
    await none.close();

    expect(refused.status).toBe(503);
  });

  it('reports its state, and how much faster than ECS it is', async () => {
    const state = await (await fetch(`${demo.url}/_demo/state`)).json();

    expect(state).toMatchObject({ desired: 2, running: 2, pending: 0, min: 2, max: 6, autoscaling: true, speed: 20 });
  });

  it('rejects a port that is in use', async () => {
    await expect(startDemo({ port: Number(new URL(demo.url).port) })).rejects.toThrow('EADDRINUSE');
  });
});
