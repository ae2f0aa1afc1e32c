/**
 * A process of its own: a target that answers every GET at once, and a sink for OpenTelemetry metrics. Prints
 * `{"target":"http://…","sink":"host:port"}` and serves until its standard input ends.
 */
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';

const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}',
);
const END_OF_REQUEST = '\r\n\r\n';

/** Raw sockets, and no look at the request but for its end: the less it takes, the more is left for what is measured. */
const target = createServer((socket) => {
  let rest = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const requests = (rest + chunk.toString('latin1')).split(END_OF_REQUEST);
    rest = requests.pop() ?? '';
    for (const _ of requests) socket.write(ANSWER);
  });
});

/** OTLP over HTTP: an empty body is a full success. https://opentelemetry.io/docs/specs/otlp/#otlphttp-response */
const sink = createHttpServer((request, response) => {
  request.resume().once('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

process.stdout.write(`${JSON.stringify({ target: `http://${await listen(target)}`, sink: await listen(sink) })}\n`);
process.stdin.resume().once('end', () => process.exit(0));
