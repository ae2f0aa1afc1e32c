/** An interpreter of the part of Amazon States Language that our state machine uses. */

interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds?: number;
  MaxAttempts?: number;
  BackoffRate?: number;
  MaxDelaySeconds?: number;
}

export interface State {
  Type: string;
  Next?: string;
  Resource?: string;
  Parameters?: Record<string, string>;
  TimeoutSeconds?: number;
  Retry?: Retrier[];
  Catch?: { ErrorEquals: string[]; Next: string }[];
  Choices?: { Variable: string; BooleanEquals: boolean; Next: string }[];
  Default?: string;
}

export interface Machine {
  StartAt: string;
  TimeoutSeconds?: number;
  States: Record<string, State>;
}

type Data = Record<string, unknown>;

export interface Walk {
  status: 'SUCCEEDED' | 'FAILED';
  error: string | null;
  output: Data;
  /** Names of the states, in order; a retried task appears once. */
  path: string[];
  /** The input of each call of the task. */
  inputs: Data[];
  /** The wait before each retry, s. */
  waits: number[];
}

/**
 * Walks a machine.
 * @param task what each call of a task does; a thrown error's name is the error's
 */
export function walk(machine: Machine, input: Data, task: (input: Data, call: number) => Data): Walk {
  const result: Walk = { status: 'SUCCEEDED', error: null, output: input, path: [], inputs: [], waits: [] };
  for (let name = machine.StartAt; ; ) {
    const state = machine.States[name];
    if (state === undefined) throw new Error(`there is no state ${name}`);
    result.path.push(name);
    if (state.Type === 'Succeed') return result;
    if (state.Type === 'Choice') {
      name = choose(state, result.output);
      continue;
    }
    const error = runTask(state, result, task);
    const caught = error && state.Catch?.find(({ ErrorEquals }) => matches(ErrorEquals, error));
    if (error && !caught) return { ...result, status: 'FAILED', error };
    name = (caught ? caught.Next : state.Next) ?? '';
  }
}

function choose({ Choices = [], Default = '' }: State, data: Data): string {
  const chosen = Choices.find(({ Variable, BooleanEquals }) => data[Variable.replace('$.', '')] === BooleanEquals);
  return chosen?.Next ?? Default;
}

/** The error that no retrier handles; null: the task succeeded. */
function runTask(state: State, result: Walk, task: (input: Data, call: number) => Data): string | null {
  const attempts = new Map<Retrier, number>();
  for (;;) {
    const given = parameters(state, result.output);
    result.inputs.push(given);
    try {
      result.output = task(given, result.inputs.length);
      return null;
    } catch (thrown) {
      const error = (thrown as Error).name;
      const retrier = state.Retry?.find(({ ErrorEquals }) => matches(ErrorEquals, error));
      const attempt = retrier ? (attempts.get(retrier) ?? 0) : 0;
      if (!retrier || attempt >= (retrier.MaxAttempts ?? 3)) return error;
      attempts.set(retrier, attempt + 1);
      const wait = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** attempt;
      result.waits.push(Math.min(wait, retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY));
    }
  }
}

const parameters = ({ Parameters = {} }: State, data: Data): Data =>
  Object.fromEntries(
    Object.entries(Parameters).map(([key, value]) =>
      key.endsWith('.$') ? [key.slice(0, -2), data[value.replace('$.', '')]] : [key, value],
    ),
  );

const matches = (errors: string[], error: string): boolean => errors.includes('States.ALL') || errors.includes(error);
