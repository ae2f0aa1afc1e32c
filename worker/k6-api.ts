import { request } from 'node:http';

/** k6's REST API on loopback. https://grafana.com/docs/k6/latest/reference/k6-rest-api/ */

/** k6's ExecutionStatus (lib/execution.go): what we need of it. */
export const K6Status = { pausedBeforeRun: 4, ended: 9 } as const;

const TIMEOUT_MS = 10_000;

export class K6Api {
  constructor(private readonly address: string) {}

  /** The execution status, or null while k6 does not answer. */
  async status(): Promise<number | null> {
    try {
      const body = await this.call('GET', '/v1/status');
      return (body as { data: { attributes: { status: number } } }).data.attributes.status;
    } catch {
      return null;
    }
  }

  /** Starts a paused test. @throws Error where k6 refuses or is gone. */
  async resume(): Promise<void> {
    await this.patchStatus({ paused: false });
  }

  /** Aborts the test; k6 then exits with 103. @throws Error where k6 refuses or is gone. */
  async stop(): Promise<void> {
    await this.patchStatus({ stopped: true });
  }

  /** What setup() returned. `data` is absent where it returned undefined. */
  async setupData(): Promise<{ data?: unknown }> {
    const body = await this.call('GET', '/v1/setup');
    return (body as { data: { attributes: { data?: unknown } } }).data.attributes;
  }

  async putSetupData(value: unknown): Promise<void> {
    await this.call('PUT', '/v1/setup', JSON.stringify(value));
  }

  private patchStatus(attributes: { paused?: boolean; stopped?: boolean }) {
    return this.call('PATCH', '/v1/status', JSON.stringify({ data: { type: 'status', id: 'default', attributes } }));
  }

  private async call(method: string, path: string, body?: string): Promise<unknown> {
    const { status, text } = await exchange(`http://${this.address}${path}`, method, body);
    if (status >= 300) throw new Error(`k6 answered ${status} to ${method} ${path}: ${text.slice(0, 200)}`);
    return text === '' ? null : JSON.parse(text);
  }
}

/** With node:http, because to load what is behind fetch takes 0.15 s of CPU, in every task. */
function exchange(url: string, method: string, body?: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const call = request(url, { method, headers, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) });
    call.once('error', reject);
    call.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.end(body);
  });
}
