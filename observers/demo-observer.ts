import { z } from 'zod';
import { TargetSeries } from '../core/contract/target-series.ts';
import type { Observation, TargetObserver } from '../core/ports.ts';
import { serviceEvent } from './event-meaning.ts';

/** The part of the demo's `GET /_demo/state` that is needed. */
const DemoState = z.object({
  desired: z.number().int(),
  running: z.number().int(),
  pending: z.number().int(),
  max: z.number().int(),
  utilization: z.number().nullable(),
  events: z.array(z.object({ id: z.number().int(), at: z.number(), message: z.string() })),
});

/** ms; a reading must not delay the coordinator's tick. */
const TIMEOUT_MS = 2000;

/** Reads the scaling of the demo API. */
export class DemoObserver implements TargetObserver {
  private readonly stateUrl: URL;
  private lastEventId = 0;

  /** @param url the demo's base URL, such as `http://127.0.0.1:8080` */
  constructor(
    url: string,
    private readonly now: () => number = Date.now,
  ) {
    this.stateUrl = new URL('/_demo/state', url);
  }

  /** The current counts and series, and the events since the last call; the first call returns all that the demo keeps. */
  async observe(_since: number): Promise<Observation> {
    const state = await this.readState();
    const { desired, running, pending, max, utilization } = state;
    const at = this.now();
    const latest = state.events.at(-1)?.id ?? 0;
    if (latest < this.lastEventId) this.lastEventId = 0; // the demo has been restarted, and counts from 1
    const events = state.events
      .filter(({ id }) => id > this.lastEventId)
      .map(({ at, message }) => serviceEvent(at, message));
    this.lastEventId = latest;
    return {
      reading: { at, desired, running, pending },
      events,
      samples: [
        { series: TargetSeries.maximum, at, value: max },
        ...(utilization === null ? [] : [{ series: TargetSeries.utilization, at, value: 100 * utilization }]),
      ],
      alarms: [],
      maximum: max,
    };
  }

  private async readState(): Promise<z.infer<typeof DemoState>> {
    try {
      const response = await fetch(this.stateUrl, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return DemoState.parse(await response.json());
    } catch (cause) {
      throw new Error(`the demo's state could not be read from ${this.stateUrl}: ${reason(cause)}`, { cause });
    }
  }
}

/** One line; fetch keeps the actual reason in `cause`. */
function reason(error: unknown): string {
  // The messages of both parsers have many lines or quote the body.
  if (error instanceof z.ZodError || error instanceof SyntaxError) return 'not the state of a demo';
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
