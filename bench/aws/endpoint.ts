import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startGroup } from '../processes.ts';
import type { Counts } from './kinds.ts';
import type { FleetShape } from './tasks.ts';

export interface EndpointOptions {
  /** Null: without TLS. */
  tls: Certificate | null;
  /** Null: no simulated tasks. `recording`: a file with the lines that they measure, a JSON array. */
  fleet: { shape: FleetShape; recording: string } | null;
}

/** Paths of PEM files. */
export interface Certificate {
  key: string;
  cert: string;
}

export interface EndpointCounts {
  /** How many requests came in each Unix second. */
  bySecond: Record<number, Counts>;
}

export interface Endpoint {
  /** Points a program's AWS SDK at it. */
  env: Record<string, string>;
  /** May be called again. */
  stop(): Promise<EndpointCounts>;
}

export const BUCKET = 'bench-bucket';

/**
 * From a request to its answer, ms: evenly between the two, and one in a hundred 200 ms. Assumed for small
 * objects of S3 Standard within a region.
 */
export const S3_LATENCY_MS: readonly [least: number, most: number] = [20, 60];

/** @param on the processor to which it is bound, see `pinned` */
export async function startEndpoint(options: EndpointOptions, on: number | null = null): Promise<Endpoint> {
  const program = fileURLToPath(new URL('./endpoint-program.ts', import.meta.url));
  const [command, ...args] = await pinned(on, [process.execPath, '--import', 'tsx', program, JSON.stringify(options)]);
  const child = startGroup(command as string, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the simulated AWS of the benchmarks has ended');
    return JSON.parse(value as string) as unknown;
  };
  const { url } = (await next()) as { url: string };
  let counts: Promise<EndpointCounts> | null = null;
  const end = async () => {
    child.stdin?.end();
    return (await next()) as EndpointCounts;
  };
  return {
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      ...(options.tls && { NODE_EXTRA_CA_CERTS: options.tls.cert }),
    },
    stop: () => {
      counts ??= end();
      return counts;
    },
  };
}

/** A certificate for loopback that lasts a day; null without openssl. */
export async function makeCertificate(dir: string): Promise<Certificate | null> {
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  try {
    await promisify(execFile)('openssl', [...args, ...names, '-keyout', key, '-out', cert]);
    return { key, cert };
  } catch {
    return null;
  }
}

/** The command, bound to a processor if the system has `taskset`; null: not bound. */
export async function pinned(processor: number | null, command: string[]): Promise<string[]> {
  return processor !== null && (await canPin()) ? ['taskset', '-c', String(processor), ...command] : command;
}

/** Whether a program can be bound to the first of at least two processors. */
export async function canPin(): Promise<boolean> {
  try {
    await promisify(execFile)('taskset', ['-c', '0,1', 'true']);
    return true;
  } catch {
    return false;
  }
}
