import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface ProcessRow {
  pid: number;
  /** Its process group. */
  group: number;
  /** It has exited, and its parent has not reaped it yet. */
  zombie: boolean;
  command: string;
}

/**
 * All processes of this machine as ps(1) lists them, on Linux and macOS; null: there is no ps.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/ps.html
 */
export async function listProcesses(): Promise<ProcessRow[] | null> {
  // Each column in an option of its own: everything after `=` is the column's title, on macOS as in POSIX.
  const args = ['-A', '-ww', '-o', 'pid=', '-o', 'pgid=', '-o', 'stat=', '-o', 'command='];
  const listed = await promisify(execFile)('ps', args, { maxBuffer: 64 * 1024 * 1024 }).catch(() => null);
  return listed === null ? null : listed.stdout.split('\n').flatMap(parseRow);
}

function parseRow(line: string): ProcessRow[] {
  const [, pid, group, stat, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
  if (pid === undefined || stat === undefined || command === undefined) return [];
  return [{ pid: Number(pid), group: Number(group), zombie: stat.startsWith('Z'), command }];
}
