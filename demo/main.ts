/**
 * The demo as a process:
 * `main.ts [--host 127.0.0.1] [--port 8080] [--no-autoscaling] [--speed 20] [--min-tasks 2] [--max-tasks 6]
 * [--stop-with-stdin]`.
 */
import { parseArgs } from 'node:util';
import { type DemoOptions, startDemo } from './server.ts';

function readOptions(args: string[]): DemoOptions & { stopWithStdin: boolean } {
  const { values } = parseArgs({
    args,
    options: {
      host: { type: 'string' },
      port: { type: 'string' },
      'no-autoscaling': { type: 'boolean' },
      speed: { type: 'string' },
      'min-tasks': { type: 'string' },
      'max-tasks': { type: 'string' },
      'stop-with-stdin': { type: 'boolean' },
    },
  });
  const min = number('min-tasks', values['min-tasks'], { from: 1, whole: true });
  return {
    stopWithStdin: values['stop-with-stdin'] === true,
    ...(values.host === undefined ? {} : { host: values.host }),
    port: number('port', values.port, { from: 0, to: 65_535, whole: true }),
    autoscaling: !values['no-autoscaling'],
    speed: number('speed', values.speed, { from: 1, to: 1000 }),
    minTasks: min,
    maxTasks: number('max-tasks', values['max-tasks'], { from: min ?? 2, whole: true }),
  };
}

interface Range {
  from: number;
  to?: number;
  whole?: boolean;
}

function number(name: string, text: string | undefined, { from, to = 1000, whole }: Range): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && value >= from && value <= to && (!whole || Number.isInteger(value))) return value;
  throw new Error(`--${name} is ${JSON.stringify(text)}: give a ${whole ? 'whole ' : ''}number from ${from} to ${to}`);
}

async function main(): Promise<void> {
  const { stopWithStdin, ...options } = readOptions(process.argv.slice(2));
  const demo = await startDemo(options);
  const stop = () => {
    process.stdin.destroy(); // an open stdin would keep this process alive
    void demo.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
  // The parent process holds the other end: stdin ends when it is killed, and nothing else would stop this process.
  if (stopWithStdin) process.stdin.resume().once('end', stop);
  const { min, max, autoscaling, speed } = demo.state();
  const scaling = autoscaling
    ? `scales from ${min} to ${max} tasks, ${speed} times as fast as ECS`
    : `no autoscaling: stays at ${min} ${min === 1 ? 'task' : 'tasks'}`;
  process.stdout.write(`demo API on ${demo.url} (${scaling})\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`demo: ${error.message}\n`);
  process.exitCode = 1;
});
