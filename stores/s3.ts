import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3 } from '@aws-sdk/client-s3';
import { ClockBounds } from '../core/clock-bounds.ts';
import { runPrefix, scratchPrefix } from '../core/contract/keys.ts';
import type { Store, Versioned } from '../core/ports.ts';
import type { RunIndex } from './run-index.ts';
import { isMissing, s3Error, statusOf } from './s3-errors.ts';

type Condition = { IfMatch: string } | { IfNoneMatch: '*' };

/** How often an answer that breaks off, or a conflict of writers, is tried again; the client's own retries are inside. */
const TRIES = 5;
/** The most that one DeleteObjects takes. */
const DELETE_BATCH = 1000;

const TYPES: Record<string, string> = {
  json: 'application/json',
  gz: 'application/gzip',
  tar: 'application/x-tar',
  html: 'text/html; charset=utf-8',
  xml: 'application/xml',
};
const contentType = (key: string) => TYPES[key.slice(key.lastIndexOf('.') + 1)] ?? 'application/octet-stream';

/**
 * A store in an S3 bucket, with S3's conditional writes for what is contested.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
 *
 * The retry of a write whose answer was lost finds that write in its way. So each conditional write carries an id of
 * its own, and a refused one looks whether the version that is there is its own: then it was won. It counts as lost
 * where somebody else has already replaced it.
 *
 * An ETag is a hash of the bytes: two versions with the same bytes are one to S3, so the bodies of contenders must
 * differ, as by a time in them.
 */
export class S3Store implements Store, RunIndex {
  readonly clock = new ClockBounds();
  private client: Promise<S3> | null = null;

  constructor(readonly bucket: string) {}

  async get(key: string): Promise<Uint8Array | null> {
    return (await this.getVersioned(key))?.body ?? null;
  }

  async put(key: string, body: Uint8Array | string): Promise<void> {
    const s3 = await this.s3();
    await this.told('s3:PutObject', key, () => s3.putObject(this.object(key, body)));
  }

  async create(key: string, body: Uint8Array | string): Promise<boolean> {
    return (await this.putIf(key, body, { IfNoneMatch: '*' })) !== null;
  }

  async getVersioned(key: string): Promise<Versioned | null> {
    const s3 = await this.s3();
    return this.told('s3:GetObject', key, async () => {
      for (let attempt = 1; ; attempt++) {
        const object = await s3.getObject({ Bucket: this.bucket, Key: key }).catch(nullIfMissing);
        if (object === null) return null;
        try {
          return { body: (await object.Body?.transformToByteArray()) ?? new Uint8Array(), etag: object.ETag ?? '' };
        } catch (error) {
          // The client's own retries end with the headers: a body that breaks off is ours to ask for again.
          if (attempt >= TRIES) throw error;
          await pause(attempt);
        }
      }
    });
  }

  swap(key: string, body: Uint8Array | string, etag: string | null): Promise<string | null> {
    return this.putIf(key, body, etag === null ? { IfNoneMatch: '*' } : { IfMatch: etag });
  }

  async listRuns(): Promise<string[]> {
    const prefix = runPrefix('');
    const s3 = await this.s3();
    const runs: string[] = [];
    for (let token: string | undefined, more = true; more; more = token !== undefined) {
      const page = await this.told('s3:ListBucket', prefix, () =>
        s3.listObjectsV2({ Bucket: this.bucket, Prefix: prefix, Delimiter: '/', ContinuationToken: token }),
      );
      for (const { Prefix = '' } of page.CommonPrefixes ?? []) runs.push(Prefix.slice(prefix.length, -1));
      token = page.NextContinuationToken;
    }
    return runs.sort();
  }

  async deleteRun(run: string): Promise<void> {
    for (const prefix of [runPrefix(run), scratchPrefix(run)]) await this.deleteUnder(`${prefix}/`);
  }

  deleteAll(): Promise<void> {
    return this.deleteUnder('');
  }

  /** Deletes the bucket itself, which must be empty. */
  async deleteBucket(): Promise<void> {
    const s3 = await this.s3();
    await this.told('s3:DeleteBucket', '', () => s3.deleteBucket({ Bucket: this.bucket }));
  }

  /** Deletes all objects whose keys begin so. Versions are not looked for: the bucket keeps none. */
  private async deleteUnder(prefix: string): Promise<void> {
    const s3 = await this.s3();
    for (;;) {
      const { Contents = [] } = await this.told('s3:ListBucket', prefix, () =>
        s3.listObjectsV2({ Bucket: this.bucket, Prefix: prefix, MaxKeys: DELETE_BATCH }),
      );
      if (Contents.length === 0) return;
      const Objects = Contents.map(({ Key }) => ({ Key }));
      const { Errors = [] } = await this.told('s3:DeleteObject', prefix, () =>
        s3.deleteObjects({ Bucket: this.bucket, Delete: { Objects, Quiet: true } }),
      );
      const [first] = Errors; // the answer as a whole is 200 all the same
      if (first !== undefined) {
        const refused = Object.assign(new Error(first.Message ?? ''), { name: first.Code ?? 'unknown error' });
        throw s3Error('s3:DeleteObject', this.url(first.Key ?? prefix), refused);
      }
    }
  }

  /** The ETag of what was written, or null where the condition does not hold. */
  private async putIf(key: string, body: Uint8Array | string, condition: Condition): Promise<string | null> {
    const s3 = await this.s3();
    const writer = randomUUID();
    const object = { ...this.object(key, body), ...condition, Metadata: { writer } };
    return this.told('s3:PutObject', key, async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return (await s3.putObject(object)).ETag ?? '';
        } catch (error) {
          // 404: what was to be replaced has been deleted. 409: a write or a delete of another was under way.
          const isConflict = statusOf(error) === 409;
          if (statusOf(error) !== 412 && !isConflict && !isMissing(error)) throw error;
          const mine = await this.etagOf(key, writer);
          if (mine !== null) return mine;
          if (!isConflict) return null;
          if (attempt >= TRIES) throw error;
          await pause(attempt);
        }
      }
    });
  }

  /** The ETag of the present version, where this writer wrote it. */
  private async etagOf(key: string, writer: string): Promise<string | null> {
    const s3 = await this.s3();
    const present = await s3.headObject({ Bucket: this.bucket, Key: key }).catch(nullIfMissing);
    return present?.Metadata?.writer === writer ? (present.ETag ?? '') : null;
  }

  private object(key: string, body: Uint8Array | string) {
    // Bytes, for the SDK takes an empty string for a stream of unknown length.
    return { Bucket: this.bucket, Key: key, Body: Buffer.from(body), ContentType: contentType(key) };
  }

  private url(key: string) {
    return `s3://${this.bucket}/${key}`;
  }

  private s3(): Promise<S3> {
    this.client ??= import('./s3-client.ts').then(({ s3Client }) => s3Client((answer) => this.clock.observe(answer)));
    return this.client;
  }

  /** Runs a request; what it throws becomes one line that names the action and the object. */
  private async told<T>(action: string, key: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw s3Error(action, this.url(key), error);
    }
  }
}

/** Between tries, with full jitter: 0.2 s at most, then twice as much each time. */
const pause = (attempt: number) => sleep(Math.random() * 100 * 2 ** attempt);

const nullIfMissing = (error: unknown): null => {
  if (isMissing(error)) return null;
  throw error;
};
