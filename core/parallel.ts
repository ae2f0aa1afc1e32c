/**
 * Does the same for each item, several at once. After an error no other item is begun; it is thrown when those under
 * way have ended, so that nothing goes on behind the caller's back.
 * @param limit how many at once, at most
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
