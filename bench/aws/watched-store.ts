import type { Store } from '../../core/ports.ts';

/** A store that awaits `before` ahead of each call. */
export function watchedStore(
  store: Store,
  before: (method: 'GET' | 'PUT', key: string, body?: Uint8Array | string) => Promise<void>,
): Store {
  return {
    get: async (key) => {
      await before('GET', key);
      return store.get(key);
    },
    getVersioned: async (key) => {
      await before('GET', key);
      return store.getVersioned(key);
    },
    put: async (key, body) => {
      await before('PUT', key, body);
      return store.put(key, body);
    },
    create: async (key, body) => {
      await before('PUT', key, body);
      return store.create(key, body);
    },
    swap: async (key, body, etag) => {
      await before('PUT', key, body);
      return store.swap(key, body, etag);
    },
  };
}
