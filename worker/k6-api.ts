import { request } from 'node:http';
import { unwrapSetupData } from './setup-data.ts';

/** k6's REST API on loopback. https://grafana.com/docs/k6/latest/reference/k6-rest-api/ */

/** k6's ExecutionStatus (lib/execution.go): what we need of it. */
export const K6Status = { pausedBeforeRun: 4, ended: 9 } as const;

/** How long one poll of the status may take, ms; then it is repeated. */
const STATUS_TIMEOUT_MS = 10_000;

/** How much of an error is kept, bytes. */
const ERROR_BYTES = 10_000;

interface Call {
  method: 'GET' | 'PUT' | 'PATCH';
  path: string;
  /** JSON, in parts. */
  body?: readonly Uint8Array[];
  /** Absent: there is no limit. Every call ends with its k6 at the latest. */
  timeoutMs?: number;
  /** The answer of a successful call is not read. */
  dropAnswer?: boolean;
}

/**
 * k6 answers late where its machine is busy or the data large, so no call but that of the status has a time limit: a call
 * that k6 never answers fails once k6 has exited.
 */
export class K6Api {
  constructor(private readonly address: string) {}

  /** The execution status, or null while k6 does not answer. */
  async status(): Promise<number | null> {
    try {
      const answer = await this.call({ method: 'GET', path: '/v1/status', timeoutMs: STATUS_TIMEOUT_MS });
      const body = JSON.parse(answer.toString()) as { data: { attributes: { status: number } } };
      return body.data.attributes.status;
    } catch {
      return null;
    }
  }

  /** Starts a paused test. @throws Error if k6 refuses or is gone */
  async resume(): Promise<void> {
    await this.patchStatus({ paused: false });
  }

  /** Aborts the test; k6 then exits with 103. @throws Error if k6 refuses or is gone */
  async stop(): Promise<void> {
    await this.patchStatus({ stopped: true });
  }

  /** What setup() returned, as JSON; empty: undefined. @throws Error if k6 refuses or is gone */
  async setupData(): Promise<Uint8Array> {
    return unwrapSetupData(await this.call({ method: 'GET', path: '/v1/setup' }));
  }

  /** @param json in parts; empty: undefined @throws Error if k6 refuses or is gone */
  async putSetupData(json: readonly Uint8Array[]): Promise<void> {
    // k6 answers with all of the data.
    await this.call({ method: 'PUT', path: '/v1/setup', body: json, dropAnswer: true });
  }

  private async patchStatus(attributes: { paused?: boolean; stopped?: boolean }): Promise<void> {
    const body = Buffer.from(JSON.stringify({ data: { type: 'status', id: 'default', attributes } }));
    await this.call({ method: 'PATCH', path: '/v1/status', body: [body] });
  }

  /** With node:http, because to load what is behind fetch takes 0.15 s of CPU, in every task. */
  private call({ method, path, body = [], timeoutMs, dropAnswer = false }: Call): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(new Error(`${method} ${path} of k6 failed: ${error.message}`));
      const length = body.reduce((sum, part) => sum + part.length, 0);
      const call = request(`http://${this.address}${path}`, {
        method,
        headers: length === 0 ? {} : { 'Content-Type': 'application/json', 'Content-Length': length },
        agent: false,
        ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }),
      });
      call.on('error', fail);
      call.once('response', (response) => {
        const status = response.statusCode ?? 0;
        if (status < 300 && dropAnswer) {
          resolve(Buffer.alloc(0));
          call.destroy();
          return;
        }
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', fail);
        response.once('end', () => {
          const answer = Buffer.concat(parts);
          if (status < 300) return resolve(answer);
          const text = answer.subarray(0, ERROR_BYTES).toString().trim();
          reject(new Error(`k6 answered ${status} to ${method} ${path}: ${text.slice(0, 200)}`));
        });
      });
      for (const part of body) call.write(part);
      call.end();
    });
  }
}
