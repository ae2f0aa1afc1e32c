/**
 * A process of its own: the parts of S3, ECS and CloudWatch that a coordinator and workers use, with S3's latencies.
 * Its argument is the JSON of EndpointOptions. Prints `{"url":"https://…"}`, serves until its standard input ends,
 * then prints the requests that it got, as EndpointCounts.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Control } from '../../core/contract/control.ts';
import { WorkerEnv } from '../../core/contract/env.ts';
import { runKeys } from '../../core/contract/keys.ts';
import type { CellLine } from '../../core/contract/window.ts';
import { between } from '../random.ts';
import { EcsTasks } from './ecs.ts';
import { type EndpointCounts, type EndpointOptions, S3_LATENCY_MS } from './endpoint.ts';
import { kindOf } from './kinds.ts';
import { Objects } from './objects.ts';
import { SimulatedTasks } from './tasks.ts';

/** One in `every` answers takes `ms`, as some of S3's do. */
const SLOW = { every: 100, ms: 200 };

const { tls, fleet } = JSON.parse(process.argv[2] ?? '') as EndpointOptions;
const objects = new Objects();
const tasks =
  fleet === null
    ? null
    : new SimulatedTasks(fleet.shape, JSON.parse(readFileSync(fleet.recording, 'utf8')) as CellLine[]);
const ecs = new EcsTasks((env) => tasks?.launch(Number(env[WorkerEnv.task])));
const bySecond: EndpointCounts['bySecond'] = {};
let answers = 0;

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const operation = (request.headers['x-amz-target'] as string | undefined)?.split('.')[1];
  const send = operation === undefined ? fromS3(request, body) : fromJsonApi(operation, body);
  answers += 1;
  const wait = answers % SLOW.every === 0 ? SLOW.ms : between(S3_LATENCY_MS, Math.random);
  setTimeout(() => send(response), wait);
}

function fromS3(request: IncomingMessage, body: Buffer): (response: ServerResponse) => void {
  const { method = 'GET', headers, url = '/' } = request;
  // The SDK says by `x-id` what it does; the bucket comes first.
  const key = decodeURIComponent((url.split('?')[0] ?? '').split('/').slice(2).join('/'));
  note(kindOf(method, key));
  const made = method === 'GET' ? tasks?.read(key, Date.now()) : undefined;
  const answer = objects.answer({ method, key, headers, body }, made);
  if (method === 'PUT' && fleet !== null && key === runKeys(fleet.shape.run).control) {
    const { startAt } = JSON.parse(body.toString()) as Control;
    if (startAt !== null) tasks?.start(startAt);
  }
  return (response) => response.writeHead(answer.status, answer.headers).end(answer.body);
}

function fromJsonApi(operation: string, body: Buffer): (response: ServerResponse) => void {
  note(operation);
  const answer = operation === 'PutMetricData' ? '{}' : ecs.answer(operation, body.toString());
  return (response) => response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(answer);
}

function note(kind: string): void {
  const second = Math.floor(Date.now() / 1000);
  bySecond[second] ??= {};
  const counts = bySecond[second];
  counts[kind] = (counts[kind] ?? 0) + 1;
}

const handler = (request: IncomingMessage, response: ServerResponse): void => {
  serve(request, response).catch((error: Error) => {
    process.stderr.write(`endpoint: ${error.stack}\n`);
    response.writeHead(400).end();
  });
};
const server: Server =
  tls === null
    ? createServer(handler)
    : createTlsServer({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, handler);
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `${tls === null ? 'http' : 'https'}://127.0.0.1:${port}` })}\n`);
});
process.stdin.resume().once('end', () => {
  const counts: EndpointCounts = { bySecond };
  process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit(0));
});
