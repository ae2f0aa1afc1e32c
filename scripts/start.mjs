// npm start: runs the spike test with several k6 processes against the demo API and shows the result.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

await setup();
const cli = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist', 'cli.js');
const child = spawn(process.execPath, [cli, 'demo', ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C reaches the child too, which shuts the run down; this process waits for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
child.once('close', (code) => process.exit(code ?? 1));
