import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiAnswer, answer } from './api.ts';
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
  /** How many times shorter than ECS's the autoscaler's and the tasks' times are. */
  speed?: number;
  minTasks?: number;
  maxTasks?: number;
}

export interface Demo {
  /** Such as `http://127.0.0.1:8080`. */
  url: string;
  /** What `GET /_demo/state` answers. */
  state(): DemoState;
  /** Frees the port and drops what is still in service. */
  close(): Promise<void>;
}

/** ECS's minute is 3 s, so that a spike of half a minute shows a whole scale-out. */
const DEFAULT_SPEED = 20;

/** Closed-loop clients that are refused would otherwise come back as fast as the machine can. */
const REFUSAL_MS = 250;

/** Service times spread by a quarter to either side, as in life; their mean stays. */
const JITTER = 0.25;

/** Longer than any script's sleep, as a target behind a load balancer: Node's 5 s would reset reused connections. */
const KEEP_ALIVE_MS = 65_000;

const BASE = 'http://demo';

/** A spike opens a connection for each of its VUs at about the same time. */
const BACKLOG = 4096;

const MAX_BODY_BYTES = 64 * 1024;

/** Starts the stand-in for the staging API on loopback, unless told otherwise. @throws Error where the port is taken. */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const { host = '127.0.0.1', port = 0, autoscaling = true, speed = DEFAULT_SPEED } = options;
  const { minTasks = SCALING_POLICY.minTasks, maxTasks = Math.max(SCALING_POLICY.maxTasks, minTasks) } = options;
  const capacity = new Capacity(TASK_SIZE, () => performance.now());
  const policy = { ...SCALING_POLICY, minTasks, maxTasks };

  const service = new Service(capacity, { policy, autoscaling, speed, now: Date.now });

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const url = parseUrl(request);
    if (url.pathname === '/_demo/state') send(response, { status: 200, body: service.state });
    else readBody(request, (body) => serve(capacity, response, answer({ method: request.method ?? '', url, body })));
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

/** Answers after the time in service, once there is a slot; 503 where there is none and the queue is full. */
function serve(capacity: Capacity, response: ServerResponse, api: ApiAnswer): void {
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

function send(response: ServerResponse, { status, body }: ApiAnswer): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length });
  response.end(text);
}

/** A request target that is no path, such as `*`, is an unknown one. */
function parseUrl({ url = '' }: IncomingMessage): URL {
  return new URL(URL.canParse(url, BASE) ? url : '/', BASE);
}

/** Calls back with the body; a longer one than `MAX_BODY_BYTES` ends the connection, as no script sends one. */
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
