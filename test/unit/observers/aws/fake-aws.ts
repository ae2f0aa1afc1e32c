/** A server of the AWS JSON and query protocols with configurable responses. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AwsCall {
  operation: string;
  /** JSON operations: the request. Query operations: its form. */
  input: Record<string, unknown>;
  /** The access key that signed it. */
  accessKey: string | undefined;
}

/** An object is sent as JSON, a string as XML. */
export type Answer = (input: never) => object | string;

/** An error response of AWS. */
export class AwsError extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

export interface FakeAws extends AsyncDisposable {
  /** For an SDK client. */
  config: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  calls: AwsCall[];
  /** By operation; may be changed at any time. */
  answers: Record<string, Answer>;
}

export async function fakeAws(answers: Record<string, Answer>): Promise<FakeAws> {
  const calls: AwsCall[] = [];
  const fake = { calls, answers: { ...answers } };
  const server = createServer(async (request, response) => {
    const call = await read(request);
    calls.push(call);
    const { status, type, body } = reply(fake.answers[call.operation], call);
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: 'OWN', secretAccessKey: 'secret' };
  return Object.assign(fake, {
    config: { endpoint: `http://127.0.0.1:${port}`, region: 'eu-central-1', credentials },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function read(request: IncomingMessage): Promise<AwsCall> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString();
  const accessKey = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1];
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    return { operation: target.split('.')[1] ?? '', input: JSON.parse(body) as Record<string, unknown>, accessKey };
  }
  const form = Object.fromEntries(new URLSearchParams(body));
  return { operation: form.Action ?? '', input: form, accessKey };
}

function reply(answer: Answer | undefined, { operation, input }: AwsCall) {
  const json = { type: 'application/x-amz-json-1.1' };
  try {
    if (answer === undefined) throw new AwsError('UnknownOperationException', `${operation} is not expected`);
    const body = answer(input as never);
    if (typeof body === 'string') return { status: 200, type: 'text/xml', body };
    return { status: 200, ...json, body: JSON.stringify(body) };
  } catch (error) {
    const { type, message } = error as AwsError;
    if (operation !== 'DescribeTargetHealth' && operation !== 'AssumeRole') {
      return { status: 400, ...json, body: JSON.stringify({ __type: type, message }) };
    }
    const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${type}</Code><Message>${message}</Message></Error></ErrorResponse>`;
    return { status: 400, type: 'text/xml', body };
  }
}
