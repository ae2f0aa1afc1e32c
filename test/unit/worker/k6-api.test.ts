/** k6's REST API, played by a server that answers badly, slowly or never. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { K6Api } from '../../../worker/k6-api.ts';

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function apiOf(listener: RequestListener): Promise<K6Api> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new K6Api(`127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const ENVELOPE = '{"data":{"type":"setupData","id":"default","attributes":{"data":"é😀"}}}';

describe('the setup data', () => {
  it('arrives whole, however the answer is cut into chunks', async () => {
    const bytes = Buffer.from(ENVELOPE);
    const api = await apiOf((_, response) => {
      response.flushHeaders();
      for (const byte of bytes) response.write(Buffer.from([byte]));
      response.end();
    });
    expect(Buffer.from(await api.setupData()).toString()).toBe('"é😀"');
  });

  it('that breaks off is an error', async () => {
    const api = await apiOf((_, response) => {
      response.writeHead(200, { 'Content-Length': 2 * ENVELOPE.length });
      response.write(ENVELOPE, () => response.destroy());
    });
    await expect(api.setupData()).rejects.toThrow('GET /v1/setup of k6 failed: ');
  });

  it('that k6 cannot give is an error, with its reason', async () => {
    const api = await apiOf((_, response) => response.writeHead(500).end('{"errors":[{"title":"Encoding error"}]}'));
    await expect(api.setupData()).rejects.toThrow(
      'k6 answered 500 to GET /v1/setup: {"errors":[{"title":"Encoding error"}]}',
    );
  });

  it('is written in parts, and the echo is not waited for', async () => {
    const bodies: string[] = [];
    const api = await apiOf(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      bodies.push(Buffer.concat(parts).toString());
      response.write('{"data":'); // and never more
    });
    await api.putSetupData([Buffer.from('{"a":'), Buffer.from('1}')]);
    expect(bodies).toEqual(['{"a":1}']);
  });

  it('that k6 refuses is an error', async () => {
    const api = await apiOf((request, response) => request.resume().on('end', () => response.writeHead(400).end('no')));
    await expect(api.putSetupData([Buffer.from('{')])).rejects.toThrow('k6 answered 400 to PUT /v1/setup: no');
  });
});

it('a call without an answer fails once k6 has exited', async () => {
  const api = await apiOf(() => server.closeAllConnections());
  await expect(api.resume()).rejects.toThrow('PATCH /v1/status of k6 failed: ');
});
