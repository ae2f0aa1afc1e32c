import type { Store, Versioned } from '../../../core/ports.ts';

/** A store in memory. Every call is atomic. */
export class MemoryStore implements Store {
  private readonly objects = new Map<string, Versioned>();

  async get(key: string): Promise<Uint8Array | null> {
    return this.objects.get(key)?.body ?? null;
  }

  async put(key: string, body: Uint8Array | string): Promise<void> {
    this.write(key, body);
  }

  async create(key: string, body: Uint8Array | string): Promise<boolean> {
    if (this.objects.has(key)) return false;
    this.write(key, body);
    return true;
  }

  async getVersioned(key: string): Promise<Versioned | null> {
    return this.objects.get(key) ?? null;
  }

  async swap(key: string, body: Uint8Array | string, etag: string | null): Promise<string | null> {
    const now = this.objects.get(key)?.etag ?? null;
    return now === etag ? this.write(key, body) : null;
  }

  private write(key: string, body: Uint8Array | string): string {
    const etag = String(Number(this.objects.get(key)?.etag ?? 0) + 1);
    this.objects.set(key, { body: typeof body === 'string' ? Buffer.from(body) : body, etag });
    return etag;
  }
}
