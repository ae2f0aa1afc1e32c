import { open, stat } from 'node:fs/promises';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';

/**
 * Checks that a script is a file that can be read. k6 exits with 255 and a paragraph if it is missing; here that is
 * `scriptException`, as for a module that is missing.
 * @throws UserError, one line
 */
export async function assertScriptFile(script: string): Promise<void> {
  if (script === '') throw refused('the name of the script is empty: give the path of a .js or .ts file');
  // What plain k6 takes as a script and k6-fleet does not.
  if (script === '-' || /^https?:/.test(script) || script.endsWith('.tar')) {
    throw new UserError(
      `"${script}" is not a script file: k6-fleet does not run standard input, URLs or archives; save the script as a .js or .ts file`,
      K6Exit.invalidConfig,
    );
  }
  try {
    if ((await stat(script)).isDirectory()) throw refused(`${script} is a folder: give the path of a .js or .ts file`);
    await (await open(script, 'r')).close();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw refused(`there is no script ${script}: check its path`);
    if (code === 'ENOTDIR') throw refused(`there is no script ${script}: a part of its path is not a folder`);
    if (code === 'EACCES') throw refused(`the script ${script} cannot be read: permission denied`);
    throw refused(`the script ${script} cannot be read: ${message}`);
  }
}

const refused = (message: string) => new UserError(message, K6Exit.scriptException);
