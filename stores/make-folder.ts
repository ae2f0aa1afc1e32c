import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

const isCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code;

/**
 * Creates a folder and its parents, if they do not exist. Unlike Node's recursive mkdir it always ends: that one retries
 * forever under /proc, where mkdir reports ENOENT although the parent exists.
 * @returns whether it did not exist
 */
export async function makeFolder(path: string, options: { mode?: number } = {}): Promise<boolean> {
  try {
    await mkdir(path, options);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    if (!isCode(error, 'ENOENT') || dirname(path) === path) throw error;
  }
  await makeFolder(dirname(path), options);
  try {
    await mkdir(path, options);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false; // another process was faster
    throw error;
  }
}

/** @throws Error if the folder cannot be created, is not a folder, or cannot be written */
export async function makeWritableFolder(path: string): Promise<void> {
  await makeFolder(path);
  await access(`${path}/`, constants.R_OK | constants.W_OK | constants.X_OK);
}
