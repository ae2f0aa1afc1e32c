/** Kinds of S3 requests, by who makes them for what. */

/** How many requests of each kind. */
export type Counts = Record<string, number>;

/** Such as `PUT window`, `GET control`; `PUT other` for a key that has no kind of its own here. */
export function kindOf(method: string, key: string): string {
  const name = /^scratch\/.*\/\d{6}\.json\.gz$/.test(key) ? 'window' : NAME.exec(key)?.[1];
  return `${method} ${name ?? 'other'}`;
}

const NAME =
  /\/(control|checkpoint|progress|stop|status|log|plan|archive|environment|setup-data|result|summary)\.[a-z.]+$/;
