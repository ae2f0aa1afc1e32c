import type { ServerResponse } from 'node:http';
import type { Container } from './container.ts';
import type { Engine } from './engine.ts';
import { API_VERSION, type ContainerConfig } from './protocol.ts';

export interface Call {
  engine: Engine;
  /** The route's captured path segments, decoded. */
  params: string[];
  query: URLSearchParams;
  body: unknown;
  response: ServerResponse;
}

/** Status and JSON body, or null if the handler has written the response itself. */
type Reply = [status: number, body?: unknown] | null;

export interface Route {
  method: string;
  path: RegExp;
  handle(call: Call): Reply | Promise<Reply>;
}

/** Images have no bytes here, so all digests are the same. */
const DIGEST = `sha256:${'0'.repeat(64)}`;
/** Docker's zero time. */
const NEVER = '0001-01-01T00:00:00Z';

const isTrue = (value: string | null) => value === '1' || value?.toLowerCase() === 'true';

const inspect = (one: Container) => ({
  Id: one.id,
  Name: `/${one.name}`,
  Image: DIGEST,
  Created: one.createdAt.toISOString(),
  State: {
    Status: one.status,
    Running: one.status === 'running',
    ExitCode: one.exitCode,
    OOMKilled: false,
    StartedAt: one.startedAt?.toISOString() ?? NEVER,
    FinishedAt: one.finishedAt?.toISOString() ?? NEVER,
  },
  Config: { ...one.config, Labels: one.config.Labels ?? {}, Tty: false },
  HostConfig: one.config.HostConfig ?? {},
  NetworkSettings: { IPAddress: '127.0.0.1', Ports: {}, Networks: { bridge: { IPAddress: '127.0.0.1' } } },
});

const summary = (one: Container) => ({
  Id: one.id,
  Names: [`/${one.name}`],
  Image: one.config.Image,
  Labels: one.config.Labels ?? {},
  State: one.status,
  Status: one.status,
  Created: Math.floor(one.createdAt.getTime() / 1000),
});

const route = (method: string, path: string, handle: Route['handle']): Route => ({
  method,
  path: new RegExp(`^${path}$`),
  handle,
});

/** A route to one container, the first segment of its path. */
const onContainer = (
  method: string,
  path: string,
  handle: (container: Container, call: Call) => Reply | Promise<Reply>,
): Route =>
  route(method, `/containers/([^/]+)${path}`, (call) => handle(call.engine.get(call.params[0] as string), call));

export const routes: Route[] = [
  route('GET', '/_ping', () => [200]),
  route('GET', '/version', () => [200, { Version: '28.0.0', ApiVersion: API_VERSION, MinAPIVersion: '1.24' }]),
  route('GET', '/networks', () => [200, []]),
  route('POST', '/images/create', ({ engine, query }) => {
    const [image, tag] = [query.get('fromImage') ?? '', query.get('tag')];
    engine.image(tag ? `${image}${tag.startsWith('sha256:') ? '@' : ':'}${tag}` : image);
    return [200, { status: 'Image is up to date' }];
  }),
  route('GET', '/images/(.+)/json', ({ engine, params }) => {
    engine.image(params[0] as string);
    return [200, { Id: DIGEST, RepoTags: params, Config: {} }];
  }),
  route('POST', '/images/(.+)/tag', () => [201]),
  route('GET', '/distribution/(.+)/json', ({ engine, params }) => {
    engine.image(params[0] as string);
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
    return [200, { Descriptor: { mediaType, digest: DIGEST, size: 1 }, Platforms: [] }];
  }),
  route('GET', '/containers/json', ({ engine, query }) => {
    const { label = [] } = JSON.parse(query.get('filters') ?? '{}') as { label?: string[] };
    return [200, engine.list(label, isTrue(query.get('all'))).map(summary)];
  }),
  route('POST', '/containers/create', ({ engine, query, body }) => [
    201,
    { Id: engine.create(query.get('name'), body as ContainerConfig).id, Warnings: [] },
  ]),
  onContainer('GET', '/json', (container) => [200, inspect(container)]),
  onContainer('POST', '/start', async (container) => {
    await container.start();
    return [204];
  }),
  onContainer('POST', '/wait', async (container, { response }) => {
    // Docker sends the head at once, which shows the client that its wait has begun.
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    await container.ended;
    response.end(JSON.stringify({ StatusCode: container.exitCode }));
    return null;
  }),
  onContainer('POST', '/stop', async (container, { query }) => {
    await container.stop(Number(query.get('t') ?? 10));
    return [204];
  }),
  onContainer('POST', '/kill', (container, { query }) => {
    container.kill(query.get('signal') === 'SIGTERM' ? 'SIGTERM' : 'SIGKILL');
    return [204];
  }),
  onContainer('GET', '/logs', (container, { query, response }) => {
    response.writeHead(200, { 'content-type': 'application/vnd.docker.multiplexed-stream' }).flushHeaders();
    container.writeLog(response, isTrue(query.get('follow')));
    return null;
  }),
  onContainer('DELETE', '', async (container, { engine }) => {
    await engine.remove(container);
    return [204];
  }),
];
