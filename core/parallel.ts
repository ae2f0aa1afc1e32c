/**
 * Calls `act` for each item, at most `limit` at once. After an error it starts no further item, and throws once the calls
 * under way have settled: nothing is left running.
 */
export async function eachInParallel<T>(
  items: readonly T[],
  limit: number,
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  const errors: unknown[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length && errors.length === 0) {
      const item = items[next++] as T;
      await act(item).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  if (errors.length > 0) throw errors[0];
}
