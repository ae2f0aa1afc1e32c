import { fileURLToPath } from 'node:url';
import type { Store } from '../core/ports.ts';
import { DirStore } from './dir.ts';

/**
 * Opens the store that a URL names: `file:///path`.
 * @throws Error where the kind of store is unknown.
 */
export function openStore(url: string): Store {
  if (url.startsWith('file:')) return new DirStore(fileURLToPath(url));
  throw new Error(`unknown store "${url}": use a file: URL`);
}
