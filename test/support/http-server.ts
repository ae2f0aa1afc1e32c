import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll } from 'vitest';

/** A real HTTP server on loopback; `requests` counts by `METHOD path`. */
export interface TestServer {
  url: string;
  requests: Map<string, number>;
}

/** Starts a server that answers `/status/N` with that status, `/slow/MS` after so many ms, all else with 200 and JSON. */
export async function startServer(
  handle?: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<TestServer> {
  const requests = new Map<string, number>();
  const server = createServer((request, response) => {
    const key = `${request.method} ${request.url}`;
    requests.set(key, (requests.get(key) ?? 0) + 1);
    request.resume();
    if (handle?.(request, response)) return;
    const [, kind, value] = (request.url ?? '').split('/');
    const answer = () => {
      response.writeHead(kind === 'status' ? Number(value) : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ok: true }));
    };
    if (kind === 'slow') setTimeout(answer, Number(value));
    else answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, requests };
}
