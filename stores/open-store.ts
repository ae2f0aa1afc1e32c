import { fileURLToPath } from 'node:url';
import type { Store } from '../core/ports.ts';
import { DirStore } from './dir.ts';
import type { RunIndex } from './run-index.ts';
import { S3Store } from './s3.ts';

export type RunStore = Store & RunIndex;

/**
 * Opens the store of a URL: `file:///path` or `s3://bucket`. Region, credentials and endpoint of a bucket come from the
 * environment, as usual for AWS; no request is sent yet.
 * @throws Error if the URL is neither
 */
export function openStore(url: string): RunStore {
  if (url.startsWith('file:')) return new DirStore(fileURLToPath(url));
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  const bucket = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/?$/.exec(url)?.[1];
  if (bucket !== undefined) return new S3Store(bucket);
  throw new Error(`unknown store "${url}": use a file: URL, or s3:// and the name of a bucket`);
}
