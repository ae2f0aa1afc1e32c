/**
 * A map that keeps the `limit` smallest of all keys it was ever asked for. Which keys those are does not depend on the
 * order in which they came, so bounded maps of different tasks merge to the same whole in any order.
 */
export class BoundedMap<V> {
  private readonly entries = new Map<string, V>();
  /** The greatest key; undefined: not known. */
  private greatest: string | undefined;

  /** @param onEvict takes over what a key held that a smaller one displaced */
  constructor(
    private readonly limit: number,
    private readonly onEvict: (value: V) => void,
  ) {}

  /** The value of a key, made where it is new; undefined where the key is beyond the limit. */
  slot(key: string, create: () => V): V | undefined {
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    if (this.entries.size >= this.limit) {
      const greatest = this.greatestKey();
      if (greatest === undefined || key > greatest) return undefined;
      this.onEvict(this.entries.get(greatest) as V);
      this.entries.delete(greatest);
    }
    const value = create();
    this.entries.set(key, value);
    this.greatest = undefined;
    return value;
  }

  /** In ascending order of keys. */
  sorted(): [string, V][] {
    return [...this.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  [Symbol.iterator](): IterableIterator<[string, V]> {
    return this.entries.entries();
  }

  private greatestKey(): string | undefined {
    if (this.greatest === undefined) {
      for (const key of this.entries.keys())
        if (this.greatest === undefined || key > this.greatest) this.greatest = key;
    }
    return this.greatest;
  }
}
