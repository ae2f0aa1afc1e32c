import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runPrefix, scratchPrefix } from '../core/contract/keys.ts';
import type { Store, Versioned } from '../core/ports.ts';
import { makeFolder } from './make-folder.ts';
import type { RunIndex } from './run-index.ts';

const isCode = (error: unknown, ...codes: string[]) => codes.includes((error as NodeJS.ErrnoException)?.code ?? '');

/**
 * A store in a folder. Every write is atomic: it goes to a temporary file, which is then linked or renamed.
 *
 * A contested key keeps its versions as `.versions/<key>/<n>`. The writer that links version n+1 first wins:
 * link(2) fails if the name exists, on every POSIX file system, and a writer that crashes in between leaves no lock.
 */
export class DirStore implements Store, RunIndex {
  /** How many of the newest versions are always kept, for readers between listing and reading. */
  private static readonly KEPT = 16;

  /**
   * @param pruneAfterMs a version is pruned at this age at the earliest. A writer whose swap takes at most half as long
   * can trust link(2): the name that it linked cannot have been pruned, and so free again, meanwhile.
   */
  constructor(
    readonly root: string,
    private readonly pruneAfterMs = 30_000,
  ) {}

  async get(key: string): Promise<Uint8Array | null> {
    try {
      return await readFile(this.path(key));
    } catch (error) {
      if (isCode(error, 'ENOENT')) return null;
      throw error;
    }
  }

  async put(key: string, body: Uint8Array | string): Promise<void> {
    await rename(await this.stage(key, body), this.path(key));
  }

  async create(key: string, body: Uint8Array | string): Promise<boolean> {
    return this.linkNew(await this.stage(key, body), this.path(key));
  }

  async getVersioned(key: string): Promise<Versioned | null> {
    for (;;) {
      const newest = await this.newestVersion(key);
      if (newest === 0) return null;
      try {
        return { body: await readFile(this.versionPath(key, newest)), etag: String(newest) };
      } catch (error) {
        // Pruned between the listing and the read, after many newer versions: list again.
        if (!isCode(error, 'ENOENT')) throw error;
      }
    }
  }

  async swap(key: string, body: Uint8Array | string, etag: string | null): Promise<string | null> {
    const current = etag === null ? 0 : Number(etag);
    const from = Date.now();
    const fromMonotonic = performance.now();
    if ((await this.newestVersion(key)) !== current) return null;
    const next = current + 1;
    const mine = this.versionPath(key, next);
    await makeFolder(dirname(mine));
    const staged = await this.stage(key, body);
    if (!(await this.linkNew(staged, mine, { keep: true }))) return this.lost(staged);
    // A writer that was held up before link() for long may have linked a name that was pruned: it has not won. The wall
    // clock notices a suspended machine, the monotonic one is right if the wall clock was set back.
    const tookMs = Math.max(Date.now() - from, performance.now() - fromMonotonic);
    if (tookMs >= this.pruneAfterMs / 2 && (await this.newestVersion(key)) >= next + DirStore.KEPT) {
      await rm(mine, { force: true });
      return this.lost(staged);
    }
    await rename(staged, this.path(key)); // for people and tools that read the plain file
    await this.prune(key, next);
    return String(next);
  }

  async listRuns(): Promise<string[]> {
    try {
      const entries = await readdir(this.path(runPrefix('')), { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort();
    } catch (error) {
      if (isCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  deleteRun(run: string): Promise<void> {
    return this.deleteFolders(runPrefix(run), scratchPrefix(run));
  }

  /** Keeps the folder itself, which may contain other files. */
  deleteAll(): Promise<void> {
    return this.deleteFolders(runPrefix(''), scratchPrefix(''));
  }

  private async deleteFolders(...keys: string[]): Promise<void> {
    await Promise.all(keys.map((key) => rm(this.path(key), { recursive: true, force: true })));
  }

  private async lost(staged: string): Promise<null> {
    await rm(staged, { force: true });
    return null;
  }

  private path(key: string) {
    return join(this.root, key);
  }

  private versionPath(key: string, version: number) {
    return join(this.root, dirname(key), '.versions', key.slice(key.lastIndexOf('/') + 1), String(version));
  }

  /** Deletes the oldest versions, but neither the newest ones nor any younger than `pruneAfterMs`. */
  private async prune(key: string, newest: number): Promise<void> {
    for (const version of (await this.versions(key)).sort((a, b) => a - b)) {
      if (version > newest - DirStore.KEPT) return;
      const path = this.versionPath(key, version);
      const writtenAt = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => Number.NEGATIVE_INFINITY, // another writer has just pruned it
      );
      if (Date.now() - writtenAt < this.pruneAfterMs) return;
      await rm(path, { force: true });
    }
  }

  /** The highest version number; 0 if there is none. */
  private async newestVersion(key: string): Promise<number> {
    return Math.max(0, ...(await this.versions(key)));
  }

  private async versions(key: string): Promise<number[]> {
    try {
      const names = await readdir(dirname(this.versionPath(key, 0)));
      return names.map(Number).filter(Number.isInteger); // macOS leaves files of its own in folders
    } catch (error) {
      if (isCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  /** Writes the body to a temporary file beside its final path. @returns the temporary file's path */
  private async stage(key: string, body: Uint8Array | string): Promise<string> {
    const path = this.path(key);
    const staged = `${path}.${randomUUID()}.tmp`;
    try {
      await writeFile(staged, body, { mode: 0o600 });
    } catch (error) {
      if (isCode(error, 'ENOENT')) {
        await makeFolder(dirname(path));
        await writeFile(staged, body, { mode: 0o600 });
      } else {
        await rm(staged, { force: true });
        throw error;
      }
    }
    return staged;
  }

  private async linkNew(staged: string, path: string, options = { keep: false }): Promise<boolean> {
    try {
      await link(staged, path);
      return true;
    } catch (error) {
      if (isCode(error, 'EEXIST')) return false;
      throw error;
    } finally {
      if (!options.keep) await rm(staged, { force: true });
    }
  }
}
