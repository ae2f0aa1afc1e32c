import type { Store, Versioned } from '../../core/ports.ts';

/** A store in memory that can be told to fail. */
export class MemoryStore implements Store {
  readonly objects = new Map<string, Uint8Array>();
  /** What the next calls do; `put` and `getVersioned` only. */
  failing: (key: string) => boolean = () => false;

  async get(key: string): Promise<Uint8Array | null> {
    return this.objects.get(key) ?? null;
  }

  async put(key: string, body: Uint8Array | string): Promise<void> {
    this.mayFail(key);
    this.objects.set(key, Buffer.from(body));
  }

  async create(key: string, body: Uint8Array | string): Promise<boolean> {
    if (this.objects.has(key)) return false;
    await this.put(key, body);
    return true;
  }

  async getVersioned(key: string): Promise<Versioned | null> {
    this.mayFail(key);
    const body = this.objects.get(key);
    return body === undefined ? null : { body, etag: Buffer.from(body).toString('base64') };
  }

  async swap(key: string, body: Uint8Array | string, etag: string | null): Promise<string | null> {
    if (((await this.getVersioned(key))?.etag ?? null) !== etag) return null;
    await this.put(key, body);
    return (await this.getVersioned(key))?.etag ?? null;
  }

  private mayFail(key: string): void {
    if (this.failing(key)) throw new Error('ENOSPC: no space left on device');
  }
}
