import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { taskKeys } from '../../../core/contract/keys.ts';
import type { Result } from '../../../core/contract/result.ts';
import { DirStore } from '../../../stores/dir.ts';
import { SUITE_FILES } from './plain.ts';

const NOT_THE_SCRIPTS = [...Object.values(SUITE_FILES), /^store\//, /^result-\w+\.json$/];

/** The files that a script has written into a folder, by path; as Latin-1, so that binary ones compare too. */
export async function writtenFiles(dir: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    const path = relative(dir, join(entry.parentPath, entry.name));
    const ours = NOT_THE_SCRIPTS.some((name) => (typeof name === 'string' ? name === path : name.test(path)));
    if (entry.isFile() && !ours) files[path] = await readFile(join(dir, path), 'latin1');
  }
  return files;
}

/** What the script has printed by console, sorted, without the times. */
export const consoleLines = (log: string): string[] =>
  log
    .split('\n')
    .filter((line) => line.endsWith('source=console'))
    .map((line) => line.replace(/^time="[^"]*" /, ''))
    .sort();

/** The logs of all tasks of a run. */
export async function taskLogs(storeDir: string, { run, tasks }: Result): Promise<string> {
  const store = new DirStore(storeDir);
  const logs = await Promise.all(
    tasks.map(async ({ task, attempts }) => {
      const zipped = await store.get(taskKeys(run.id, task, attempts - 1).log);
      return zipped === null ? '' : gunzipSync(zipped).toString('utf8');
    }),
  );
  return logs.join('\n');
}
