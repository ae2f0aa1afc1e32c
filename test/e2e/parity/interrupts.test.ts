import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type Ended, Sandbox, startPlainK6 } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';

vi.setConfig({ maxConcurrency: 2 });

const PHASES = ['setup', 'load', 'teardown'] as const;
type Phase = (typeof PHASES)[number];
type Side = 'plain' | 'fleet';

/** What is to be done when a request for a path arrives for the first time. */
const firstRequests = new Map<string, () => void>();
const sandbox = await Sandbox.create();
const server = await startServer(({ url = '' }) => {
  firstRequests.get(url)?.();
  firstRequests.delete(url);
  return false;
});

// An interrupted setup must not come to its end before it is interrupted: it loops.
const script = await sandbox.script(
  'phases.js',
  `import { sleep } from 'k6';
   import http from 'k6/http';
   export const options = { vus: 3, ...(__ENV.PHASE === 'teardown' ? { iterations: 3 } : { duration: '60s' }) };
   const enter = (phase) => http.get(\`\${__ENV.BASE_URL}/\${__ENV.WHO}/\${phase}\`);
   export function setup() {
     enter('setup');
     while (__ENV.PHASE === 'setup') sleep(0.1);
   }
   export default function () {
     enter('load');
     sleep(0.1);
   }
   export function teardown() {
     enter('teardown');
     sleep(1);
     enter('end');
   }`,
);

/** Sends SIGINT when a phase has begun; which phases have, at the end. */
async function interrupt(side: Side, phase: Phase): Promise<{ ended: Ended; phases: string[] }> {
  const who = `${side}-${phase}`;
  const flags = ['-q', '-e', `BASE_URL=${server.url}`, '-e', `WHO=${who}`, '-e', `PHASE=${phase}`];
  let child: ChildProcess | null = null;
  firstRequests.set(`/${who}/${phase}`, () => child?.kill('SIGINT'));
  const running =
    side === 'plain'
      ? startPlainK6(['run', ...flags, script])
      : sandbox.start(['run', script, '--tasks', '3', '--json', join(sandbox.dir, `${who}.json`), ...flags]);
  child = running.child;
  const ended = await running.ended;
  const phases = ['setup', 'load', 'teardown', 'end'].filter((name) => server.requests.has(`GET /${who}/${name}`));
  return { ended, phases };
}

describe.concurrent('Ctrl-C', () => {
  test.each(PHASES)('in the phase %s goes as in k6', async (phase) => {
    const [plain, fleet] = await Promise.all([interrupt('plain', phase), interrupt('fleet', phase)]);

    const context = `${plain.ended.stderr}\n${fleet.ended.stdout}\n${fleet.ended.stderr}`;
    expect(plain.ended.code, context).toBe(105);
    expect(fleet.ended.code, context).toBe(105);
    expect(fleet.phases, context).toEqual(plain.phases);
  });
});
