import { readdirSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Made by tools, or by runs: see .gitignore. */
const GENERATED = /^(node_modules|dist|coverage|cdk\.out|\..*)$/;

/** Paths from the root of the project, with slashes, of the files below a folder whose path matches. */
export function filesBelow(folder: string, matching: RegExp): string[] {
  return readdirSync(posix.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return GENERATED.test(entry.name) ? [] : filesBelow(path, matching);
    return matching.test(path) ? [path] : [];
  });
}

/** Ends the process: with one line for each finding and code 1, or with code 0 if there is none. */
export function exit(findings: string[]): never {
  if (findings.length > 0) process.stderr.write(`${findings.join('\n')}\n`);
  process.exit(findings.length > 0 ? 1 : 0);
}
