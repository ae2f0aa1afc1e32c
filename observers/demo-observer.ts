import { z } from 'zod';
import { TargetSeries } from '../core/contract/target-series.ts';
import type { Observation, TargetObserver } from '../core/ports.ts';

/** What we need of the demo's `GET /_demo/state`. */
const DemoState = z.object({
  desired: z.number().int(),
  running: z.number().int(),
  pending: z.number().int(),
  max: z.number().int(),
  utilization: z.number().nullable(),
  events: z.array(z.object({ id: z.number().int(), at: z.number(), message: z.string() })),
});

/** A reading must not hold the coordinator's tick up. */
const TIMEOUT_MS = 2000;

/** Reads how the demo API scales. */
export class DemoObserver implements TargetObserver {
  readonly #stateUrl: URL;
  #lastEvent = 0;

  /** @param url the demo's base URL, such as `http://127.0.0.1:8080` */
  constructor(
    url: string,
    private readonly now: () => number = Date.now,
  ) {
    this.#stateUrl = new URL('/_demo/state', url);
  }

  /** The counts and series now, and the events since the last call; the first call tells all that the demo still knows. */
  async observe(_since: number): Promise<Observation> {
    const state = await this.#read();
    const { desired, running, pending, max, utilization } = state;
    const at = this.now();
    const latest = state.events.at(-1)?.id ?? 0;
    if (latest < this.#lastEvent) this.#lastEvent = 0; // another demo has taken the port over
    const events = state.events.filter(({ id }) => id > this.#lastEvent).map(({ at, message }) => ({ at, message }));
    this.#lastEvent = latest;
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

  async #read(): Promise<z.infer<typeof DemoState>> {
    try {
      const response = await fetch(this.#stateUrl, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!response.ok) throw new Error(`it answered ${response.status}`);
      return DemoState.parse(await response.json());
    } catch (cause) {
      throw new Error(`the demo's state could not be read from ${this.#stateUrl}: ${reason(cause)}`, { cause });
    }
  }
}

/** fetch hides why it failed in `cause`; zod's message has many lines. */
function reason(error: unknown): string {
  // A parser's message quotes what it could not parse.
  if (error instanceof z.ZodError || error instanceof SyntaxError) return 'that is not the state of a demo';
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
