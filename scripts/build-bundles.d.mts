/** Bundles the named programs into dist/; by default all whose source is present. */
export function buildBundles(names?: string[]): Promise<void>;
