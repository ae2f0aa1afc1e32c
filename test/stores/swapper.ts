/** A process that adds 1 to a contested number as often as it is told to. Prints how often it was second. */
import { DirStore } from '../../stores/dir.ts';

const [, , root = '', key = '', times = '0'] = process.argv;
const store = new DirStore(root);
let conflicts = 0;
for (let done = 0; done < Number(times); ) {
  const current = await store.getVersioned(key);
  const count = current === null ? 0 : Number(new TextDecoder().decode(current.body));
  const won = await store.swap(key, String(count + 1), current?.etag ?? null);
  if (won === null) conflicts += 1;
  else done += 1;
}
process.stdout.write(String(conflicts));
