import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3 } from '@aws-sdk/client-s3';
import { ClockBounds } from '../core/clock-bounds.ts';
import { runPrefix, scratchPrefix } from '../core/contract/keys.ts';
import type { Store, Versioned } from '../core/ports.ts';
import type { RunIndex } from './run-index.ts';
import { isMissing, s3Error, statusOf } from './s3-errors.ts';

type Condition = { IfMatch: string } | { IfNoneMatch: '*' };

/** Attempts when a response breaks off or writers conflict; each includes the client's own retries. */
const MAX_ATTEMPTS = 5;
/** DeleteObjects' maximum. */
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
 * A store in an S3 bucket; contested keys use S3's conditional writes.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
 *
 * If the response to a conditional write is lost, its retry fails because of the write itself. So each one carries an id
 * in the object's metadata, and a rejected write checks whether the current version is its own: then it has won. If
 * another writer has replaced that version already, it counts as lost.
 *
 * An ETag is a hash of the bytes, so the bodies of contending writers must differ, for instance by a time in them.
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
    await this.withErrorContext('s3:PutObject', key, () => s3.putObject(this.object(key, body)));
  }

  async create(key: string, body: Uint8Array | string): Promise<boolean> {
    return (await this.putIf(key, body, { IfNoneMatch: '*' })) !== null;
  }

  async getVersioned(key: string): Promise<Versioned | null> {
    const s3 = await this.s3();
    return this.withErrorContext('s3:GetObject', key, async () => {
      for (let attempt = 1; ; attempt++) {
        const object = await s3.getObject({ Bucket: this.bucket, Key: key }).catch(nullIfMissing);
        if (object === null) return null;
        try {
          return { body: (await object.Body?.transformToByteArray()) ?? new Uint8Array(), etag: object.ETag ?? '' };
        } catch (error) {
          // The client's own retries end with the headers: a body that breaks off must be requested again here.
          if (attempt >= MAX_ATTEMPTS) throw error;
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
      const page = await this.withErrorContext('s3:ListBucket', prefix, () =>
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
    await this.withErrorContext('s3:DeleteBucket', '', () => s3.deleteBucket({ Bucket: this.bucket }));
  }

  /** Deletes all objects under a prefix. The bucket has no versioning, so there are no old versions. */
  private async deleteUnder(prefix: string): Promise<void> {
    const s3 = await this.s3();
    for (;;) {
      const { Contents = [] } = await this.withErrorContext('s3:ListBucket', prefix, () =>
        s3.listObjectsV2({ Bucket: this.bucket, Prefix: prefix, MaxKeys: DELETE_BATCH }),
      );
      if (Contents.length === 0) return;
      const Objects = Contents.map(({ Key }) => ({ Key }));
      const { Errors = [] } = await this.withErrorContext('s3:DeleteObject', prefix, () =>
        s3.deleteObjects({ Bucket: this.bucket, Delete: { Objects, Quiet: true } }),
      );
      const [first] = Errors; // despite status 200
      if (first !== undefined) {
        const refused = Object.assign(new Error(first.Message ?? ''), { name: first.Code ?? 'unknown error' });
        throw s3Error('s3:DeleteObject', this.url(first.Key ?? prefix), refused);
      }
    }
  }

  /** @returns the ETag of the new version, or null if the condition does not hold */
  private async putIf(key: string, body: Uint8Array | string, condition: Condition): Promise<string | null> {
    const s3 = await this.s3();
    const writer = randomUUID();
    const object = { ...this.object(key, body), ...condition, Metadata: { writer } };
    return this.withErrorContext('s3:PutObject', key, async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return (await s3.putObject(object)).ETag ?? '';
        } catch (error) {
          // 404: the version to replace has been deleted. 409: another write or delete was in progress.
          const isConflict = statusOf(error) === 409;
          if (statusOf(error) !== 412 && !isConflict && !isMissing(error)) throw error;
          const mine = await this.etagOf(key, writer);
          if (mine !== null) return mine;
          if (!isConflict) return null;
          if (attempt >= MAX_ATTEMPTS) throw error;
          await pause(attempt);
        }
      }
    });
  }

  /** The ETag of the current version if this writer wrote it. */
  private async etagOf(key: string, writer: string): Promise<string | null> {
    const s3 = await this.s3();
    const present = await s3.headObject({ Bucket: this.bucket, Key: key }).catch(nullIfMissing);
    return present?.Metadata?.writer === writer ? (present.ETag ?? '') : null;
  }

  private object(key: string, body: Uint8Array | string) {
    // Bytes, since the SDK treats an empty string as a stream of unknown length.
    return { Bucket: this.bucket, Key: key, Body: Buffer.from(body), ContentType: contentType(key) };
  }

  private url(key: string) {
    return `s3://${this.bucket}/${key}`;
  }

  private s3(): Promise<S3> {
    this.client ??= import('./s3-client.ts').then(({ s3Client }) => s3Client((answer) => this.clock.observe(answer)));
    return this.client;
  }

  /** Runs a request. @throws StoreError, one line that names the action and the object */
  private async withErrorContext<T>(action: string, key: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw s3Error(action, this.url(key), error);
    }
  }
}

/** Backoff with full jitter: at most 0.2 s, doubled with each attempt. */
const pause = (attempt: number) => sleep(Math.random() * 100 * 2 ** attempt);

const nullIfMissing = (error: unknown): null => {
  if (isMissing(error)) return null;
  throw error;
};
