/** The events that call the stopper: an execution that failed, or a manual call. */

import { z } from 'zod';
import type { StopReason } from '../../core/contract/control.ts';
import { FleetExit, K6Exit } from '../../core/contract/exit-codes.ts';
import { LegInput } from '../../core/contract/stack.ts';
import { oneLine } from '../../core/errors.ts';

/** https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
const StatusChange = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({
    /** Equals the run's id. */
    name: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    /** JSON; absent if it is too long for an event. */
    input: z.string().nullish(),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});

/** The cause, as JSON, if a Lambda threw. */
const LambdaError = z.object({ errorMessage: z.string() });

const MAX_CAUSE = 300;

export interface StopCall {
  run: string;
  reason: StopReason;
}

/** @throws Error if the event is neither */
export function parseStopCall(event: unknown): StopCall {
  const manual = LegInput.safeParse(event);
  if (manual.success) return { run: manual.data.run, reason: requested('the stopper was called manually') };
  const { name, status, input, error, cause } = StatusChange.parse(event).detail;
  const given = LegInput.safeParse(parseJson(input ?? ''));
  const run = given.success ? given.data.run : name;
  const details = [error, causeText(cause)].filter(Boolean).join(': ');
  const tail = details === '' ? '' : `: ${details}`;
  if (status === 'ABORTED') return { run, reason: requested(`the execution was aborted${tail}`) };
  const how = status === 'FAILED' ? 'the execution failed' : 'the execution timed out';
  return { run, reason: { kind: 'internal', message: `${how}${tail}`, exitCode: FleetExit.internal } };
}

const requested = (message: string): StopReason => ({ kind: 'requested', message, exitCode: K6Exit.externalAbort });

/** One line. */
function causeText(cause: string | null | undefined): string {
  const thrown = LambdaError.safeParse(parseJson(cause ?? ''));
  const text = oneLine(thrown.success ? thrown.data.errorMessage : (cause ?? ''));
  return text.length > MAX_CAUSE ? `${text.slice(0, MAX_CAUSE - 1)}…` : text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
