// The Docker Engine API on a unix socket, with processes of this machine as containers.
// usage: main.ts SOCKET STATE_DIR IMAGES_JSON. Ends with all its containers on SIGTERM, SIGINT, or when stdin
// closes, so that it never outlives the process that started it.
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { Engine, NotFound } from './engine.ts';
import type { Images } from './images.ts';
import { routes } from './routes.ts';

const [socket, stateDir, imagesFile] = process.argv.slice(2) as [string, string, string];
const engine = new Engine(JSON.parse(readFileSync(imagesFile, 'utf8')) as Images, stateDir);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, body?: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  try {
    const url = new URL(request.url ?? '/', 'http://engine');
    const path = url.pathname.replace(/^\/v\d+\.\d+(?=\/)/, '');
    const body = request.headers['content-type']?.startsWith('application/json')
      ? await json(request).catch(() => ({}))
      : {};
    for (const route of routes) {
      const match = route.method === request.method ? route.path.exec(path) : null;
      if (match === null) continue;
      const params = match.slice(1).map(decodeURIComponent);
      const result = await route.handle({ engine, params, query: url.searchParams, body, response });
      if (result !== null) send(...result);
      return;
    }
    process.stderr.write(`engine: no route for ${request.method} ${path}\n`);
    send(404, { message: `no route for ${request.method} ${path}` });
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`engine: ${request.method} ${request.url}: ${message}\n`);
    if (response.headersSent) response.destroy();
    else send(error instanceof NotFound ? 404 : 500, { message });
  }
}

const server = createServer((request, response) => void answer(request, response));
// Requests that follow logs or wait stay open while the container runs.
server.requestTimeout = 0;
server.listen(socket, () => process.stdout.write('listening\n'));

let closing = false;
async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  server.close();
  await engine.close();
  rmSync(socket, { force: true });
  process.exit(0);
}
process.on('SIGTERM', close);
process.on('SIGINT', close);
process.stdin.on('end', close).resume();
