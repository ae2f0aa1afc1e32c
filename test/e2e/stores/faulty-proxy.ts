import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** What becomes of one request. */
export type Fate =
  | 'forward'
  /** The server does it, but its answer never arrives. */
  | 'swallow'
  /** The answer breaks off in the midst of its body. */
  | 'truncate'
  /** The connection is cut before anything is done. */
  | 'reset'
  /** S3's own answer of that status, and nothing is done. */
  | { status: number; code: string };

/** An HTTP proxy between a client and its server that lets answers get lost. */
export class FaultyProxy {
  /** How many requests came. */
  requests = 0;
  /** Decides on each request, by its number from 0 on. */
  fate: (nr: number, method: string) => Fate | Promise<Fate> = () => 'forward';
  private readonly agent = new Agent({ keepAlive: false });

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {}

  static async start(target: string): Promise<FaultyProxy> {
    const server = createServer();
    const proxy = new FaultyProxy(server, target);
    server.on('request', (incoming, response) => {
      proxy.pass(incoming, response).catch(() => incoming.socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** Forgets what it was told and what came. */
  reset(): void {
    this.requests = 0;
    this.fate = () => 'forward';
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const fate = await this.fate(this.requests++, incoming.method ?? '');
    if (fate === 'reset') {
      incoming.socket.destroy();
      return;
    }
    if (typeof fate === 'object') {
      const xml = incoming.method === 'HEAD' ? '' : `<Error><Code>${fate.code}</Code><Message>no</Message></Error>`;
      response.writeHead(fate.status, { 'content-type': 'application/xml' }).end(xml);
      return;
    }
    const answer = await this.forward(incoming, body);
    const content = await buffer(answer);
    if (fate === 'swallow') {
      incoming.socket.destroy();
      return;
    }
    const { 'transfer-encoding': _, ...headers } = answer.headers;
    if (incoming.method !== 'HEAD') headers['content-length'] = String(content.length);
    response.writeHead(answer.statusCode ?? 500, headers);
    if (fate === 'truncate') {
      response.write(content.subarray(0, content.length / 2), () => incoming.socket.destroy());
      return;
    }
    response.end(content);
  }

  private forward(incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { method, headers, url } = incoming;
      request(`${this.target}${url}`, { method, headers, agent: this.agent }, resolve).once('error', reject).end(body);
    });
  }
}
