import { createInterface, type Interface } from 'node:readline';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls back at each signal that would otherwise end this process. @returns a function that stops listening */
export function onSignals(listener: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}

/** The signal as a user knows it. */
export const signalName = (signal: NodeJS.Signals): string => (signal === 'SIGINT' ? 'Ctrl-C' : signal);

/** What signals do while this process only watches a run. */
export interface DetachPrompt {
  /** A question is on the screen. */
  readonly asking: boolean;
  readonly detached: boolean;
  /** Aborted as soon as the user detaches. */
  readonly detach: AbortSignal;
  /** Stops listening to signals. */
  release(): void;
}

export interface InterruptActions {
  /** Clears the screen for the prompt. */
  before(): void;
  /** Requests the stop. @param by the signal as a user knows it */
  stop(by: string): Promise<unknown>;
  /** What a stop does now, as part of a sentence. */
  notice(): string;
}

/**
 * Ctrl-C asks whether to stop the run or to detach from it. Without a terminal there is no one to ask, so SIGINT and
 * SIGTERM stop the run: a cancelled CI job must not leave load behind. A second signal detaches, as SIGHUP does at once.
 */
export function promptOnInterrupt(actions: InterruptActions): DetachPrompt {
  const detach = new AbortController();
  let question: Interface | null = null;
  let stopping = false;

  const stop = async (signal: NodeJS.Signals) => {
    stopping = true;
    process.stderr.write(`k6-fleet: ${actions.notice()}; press Ctrl-C again to detach from the run\n`);
    await actions.stop(signalName(signal)).catch((error: Error) => {
      process.stderr.write(`k6-fleet: the stop request could not be written: ${error.message}\n`);
    });
  };
  const close = () => {
    question?.close();
    question = null;
  };
  const ask = () => {
    question = createInterface({ input: process.stdin, output: process.stderr });
    question.on('SIGINT', () => onSignal('SIGINT'));
    question.question(
      '\nType s to stop the run or d to detach from it, then press Enter (Enter alone: keep watching): ',
      (answer) => {
        close();
        const choice = answer.trim().toLowerCase();
        if (choice.startsWith('s')) void stop('SIGINT');
        else if (choice.startsWith('d')) detach.abort();
      },
    );
  };
  const onSignal = (signal: NodeJS.Signals) => {
    actions.before();
    if (stopping || question !== null) {
      close();
      detach.abort();
    } else if (signal === 'SIGINT' && process.stdin.isTTY && process.stderr.isTTY) {
      ask();
    } else if (signal === 'SIGHUP') {
      detach.abort();
    } else {
      void stop(signal);
    }
  };
  const stopListening = onSignals(onSignal);
  return {
    get asking() {
      return question !== null;
    },
    get detached() {
      return detach.signal.aborted;
    },
    detach: detach.signal,
    release: () => {
      close();
      stopListening();
    },
  };
}
