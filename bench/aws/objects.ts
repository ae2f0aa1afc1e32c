/** What S3 answers to GET, HEAD and PUT, conditions included; objects are in memory. */
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';

export interface S3Request {
  method: string;
  key: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface S3Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

interface StoredObject {
  body: Buffer;
  etag: string;
  headers: Record<string, string>;
}

export class Objects {
  private readonly stored = new Map<string, StoredObject>();
  private written = 0;

  /** @param body of an object that is made when it is asked for; undefined: only what was written is there */
  answer(request: S3Request, body?: Buffer): S3Answer {
    if (request.method === 'PUT') return this.put(request);
    const object = body === undefined ? this.stored.get(request.key) : { body, etag: '"made"', headers: {} };
    if (object === undefined) return refusal(404, 'NoSuchKey');
    const headers = { ...object.headers, etag: object.etag, 'content-length': String(object.body.length) };
    if (request.method === 'HEAD') return { status: 200, headers, body: NOTHING };
    return { status: 200, headers: { ...headers, ...checksum(request, object.body) }, body: object.body };
  }

  private put({ key, headers, body }: S3Request): S3Answer {
    const present = this.stored.get(key)?.etag;
    const isWanted = headers['if-match'] === undefined || headers['if-match'] === present;
    const isFree = headers['if-none-match'] === undefined || present === undefined;
    if (!isWanted || !isFree) return refusal(412, 'PreconditionFailed');
    const etag = `"${++this.written}"`;
    const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
    this.stored.set(key, { body, etag, headers: Object.fromEntries(metadata) as Record<string, string> });
    return { status: 200, headers: { etag }, body: NOTHING };
  }
}

/**
 * S3 keeps the checksum that the SDK sends with each PUT, and the SDK checks it on each GET: that is CPU too.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
function checksum({ headers }: S3Request, body: Buffer): Record<string, string> {
  if (headers['x-amz-checksum-mode'] !== 'ENABLED') return {};
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return { 'x-amz-checksum-crc32': sum.toString('base64'), 'x-amz-checksum-type': 'FULL_OBJECT' };
}

const NOTHING = Buffer.alloc(0);

const refusal = (status: number, code: string): S3Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`,
  ),
});
