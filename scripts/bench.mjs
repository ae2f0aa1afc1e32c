// npm run bench: measures k6-fleet beside plain k6; the tables go to standard output.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

await setup();
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = ['--import', 'tsx', join(root, 'bench', 'main.ts'), ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
// Ctrl-C reaches the child too, which ends the processes it has started; this process waits for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
child.once('close', (code) => process.exit(code ?? 1));
