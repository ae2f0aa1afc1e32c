import { createInterface, type Interface } from 'node:readline';

interface Interrupt {
  /** A question is on the screen. */
  readonly asking: boolean;
  readonly detached: boolean;
  /** Aborted as soon as the user detaches. */
  readonly detach: AbortSignal;
  /** Ctrl-C does what it did before. */
  release(): void;
}

/**
 * Ctrl-C asks once: stop the run, or leave it to itself. Without a terminal nobody can answer, so SIGINT and SIGTERM
 * stop the run: a job of CI that is cancelled must not leave load behind. A second signal leaves at once.
 */
export function askAtInterrupt(actions: { before(): void; stop(): Promise<unknown> }): Interrupt {
  const away = new AbortController();
  let question: Interface | null = null;
  let stopping = false;

  const stop = async () => {
    stopping = true;
    process.stderr.write('k6-fleet: stopping the run; press Ctrl-C again to leave it to itself\n');
    await actions.stop().catch((error: Error) => {
      process.stderr.write(`k6-fleet: the stop could not be asked for: ${error.message}\n`);
    });
  };
  const close = () => {
    question?.close();
    question = null;
  };
  const ask = () => {
    question = createInterface({ input: process.stdin, output: process.stderr });
    question.on('SIGINT', () => onSignal('SIGINT'));
    question.question('\nStop the run (s), leave it to itself (d), or go on watching (Enter)? ', (answer) => {
      close();
      const choice = answer.trim().toLowerCase();
      if (choice.startsWith('s')) void stop();
      else if (choice.startsWith('d')) away.abort();
    });
  };
  const onSignal = (signal: NodeJS.Signals) => {
    actions.before();
    if (stopping || question !== null) {
      close();
      away.abort();
    } else if (signal === 'SIGINT' && process.stdin.isTTY && process.stderr.isTTY) {
      ask();
    } else if (signal === 'SIGHUP') {
      away.abort();
    } else {
      void stop();
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    get asking() {
      return question !== null;
    },
    get detached() {
      return away.signal.aborted;
    },
    detach: away.signal,
    release: () => {
      close();
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
