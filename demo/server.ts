import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiResponse, respond } from './api.ts';
import { SCALING_POLICY } from './autoscaler.ts';
import { Capacity, TASK_SIZE } from './capacity.ts';
import { type DemoState, Service } from './service.ts';

export interface DemoOptions {
  /** An address of this machine: 127.0.0.1, or in a container 0.0.0.0. */
  host?: string;
  /** 0: any free port. */
  port?: number;
  /** False: the desired count stays at `minTasks`. */
  autoscaling?: boolean;
  /** By how much the times of the autoscaler and the tasks are shorter than ECS's. */
  speed?: number;
  minTasks?: number;
  maxTasks?: number;
}

export interface Demo {
  /** Such as `http://127.0.0.1:8080`. */
  url: string;
  /** The response of `GET /_demo/state`. */
  state(): DemoState;
  /** Closes the port and drops requests in service. */
  close(): Promise<void>;
}

/** ECS's minute takes 3 s, so that a spike of half a minute shows a whole scale-out. */
const DEFAULT_SPEED = 20;

/** Without this delay, ms, refused closed-loop clients would retry as fast as the machine can. */
const REFUSAL_MS = 250;

/** Service times vary by a quarter to either side; their mean is unchanged. */
const JITTER = 0.25;

/** Longer than any script's sleep, as behind a load balancer: Node's 5 s would reset reused connections. ms */
const KEEP_ALIVE_MS = 65_000;

const BASE = 'http://demo';

/** A spike opens one connection per VU at about the same time. */
const BACKLOG = 4096;

const MAX_BODY_BYTES = 64 * 1024;

/** Starts the stand-in for the staging API, by default on loopback. @throws Error if the port is in use */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const { host = '127.0.0.1', port = 0, autoscaling = true, speed = DEFAULT_SPEED } = options;
  const { minTasks = SCALING_POLICY.minTasks, maxTasks = Math.max(SCALING_POLICY.maxTasks, minTasks) } = options;
  const capacity = new Capacity(TASK_SIZE, () => performance.now());
  const policy = { ...SCALING_POLICY, minTasks, maxTasks };

  const service = new Service(capacity, { policy, autoscaling, speed, now: Date.now });

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const url = parseUrl(request);
    if (url.pathname === '/_demo/state') send(response, { status: 200, body: service.state });
    else readBody(request, (body) => serve(capacity, response, respond({ method: request.method ?? '', url, body })));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, BACKLOG, resolve);
  });
  service.start();

  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    state: () => service.state,
    close: () => {
      service.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

/** Responds after a slot is free and the time in service has passed; 503 if slots and queue are full. */
function serve(capacity: Capacity, response: ServerResponse, api: ApiResponse): void {
  const { serviceMs } = api;
  if (serviceMs === undefined) {
    send(response, api);
    return;
  }
  const admitted = capacity.admit(() => {
    setTimeout(
      () => {
        capacity.release();
        send(response, api);
      },
      serviceMs * (1 - JITTER + 2 * JITTER * Math.random()),
    );
  });
  if (!admitted) setTimeout(send, REFUSAL_MS, response, { status: 503, body: { error: 'no capacity' } });
}

function send(response: ServerResponse, { status, body }: ApiResponse): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length });
  response.end(text);
}

/** A request target that is not a path, such as `*`, becomes `/`. */
function parseUrl({ url = '' }: IncomingMessage): URL {
  return new URL(URL.canParse(url, BASE) ? url : '/', BASE);
}

/** Calls back with the body. A body longer than `MAX_BODY_BYTES`, which no script sends, ends the connection. */
function readBody(request: IncomingMessage, done: (body: string) => void): void {
  if (request.method === 'GET') {
    done('');
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) request.destroy();
    else chunks.push(chunk);
  });
  request.on('end', () => done(Buffer.concat(chunks).toString()));
}
