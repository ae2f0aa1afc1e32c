import {
  type AlarmHistoryItem,
  type CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
} from '@aws-sdk/client-cloudwatch';
import { z } from 'zod';
import { AlarmTransition } from '../../core/contract/result.ts';
import type { Observation, TargetObserver } from '../../core/ports.ts';

/** Alarms of one account and region. */
export interface AlarmObserverOptions {
  client: CloudWatchClient;
  names: readonly string[];
  /** What a firing of that alarm means for the run. */
  effectOf(name: string): AlarmTransition['effect'];
}

/** What we need of an item's HistoryData, which is JSON in a string. */
const HistoryData = z.object({
  newState: z.object({ stateValue: AlarmTransition.shape.state, stateReason: z.string().default('') }),
});

/** Only metric alarms are told of where this is left out. */
const ALL_TYPES = { AlarmTypes: ['MetricAlarm' as const, 'CompositeAlarm' as const] };

/**
 * Tells the transitions of alarms. Their present states, of up to 100 alarms in one request, say which of them have
 * changed; the history of these says what happened, so that an alarm that fired and recovered between two readings, or
 * between two legs of a run, is not missed. CloudWatch allows 9 requests a second for states, 3 for histories, for the
 * whole account. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
 */
export class AlarmObserver implements TargetObserver {
  /** By alarm, the moment of the latest transition whose history is known, Unix ms. */
  readonly #known = new Map<string, number>();
  readonly #missing = new Set<string>();

  constructor(
    private readonly watched: AlarmObserverOptions,
    private readonly now: () => number = Date.now,
  ) {}

  /** An alarm that is not there is an event, once. @throws Error where states or histories cannot be read */
  async observe(since: number): Promise<Observation> {
    const { client, names } = this.watched;
    const states = await readStates(client, names);
    const seen: Observation = { reading: null, events: [], samples: [], alarms: [] };
    for (const name of names) {
      const state = states.get(name);
      if (state !== undefined) seen.alarms.push(...(await this.#transitions(name, state, since)));
      else if (!this.#missing.has(name)) {
        this.#missing.add(name);
        seen.events.push({ at: this.now(), message: `alarm "${name}" does not exist: nobody watches what it is on` });
      }
    }
    seen.alarms.sort((a, b) => a.at - b.at);
    return seen;
  }

  async #transitions(name: string, { value, changedAt }: AlarmState, since: number): Promise<AlarmTransition[]> {
    const known = this.#known.get(name) ?? 0;
    if (changedAt < since || changedAt <= known) return [];
    const from = Math.max(since, known);
    const transitions = await this.#history(name, from);
    // A history that lags behind the state is asked for again.
    if (transitions.at(-1)?.state === value) this.#known.set(name, changedAt);
    return transitions.filter(({ at }) => at >= from);
  }

  /** In order of time. What is told again has the same time again. */
  async #history(name: string, from: number): Promise<AlarmTransition[]> {
    const transitions: AlarmTransition[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.watched.client.send(
        new DescribeAlarmHistoryCommand({
          AlarmName: name,
          HistoryItemType: 'StateUpdate',
          StartDate: new Date(from),
          ScanBy: 'TimestampAscending',
          ...ALL_TYPES,
          NextToken,
        }),
      );
      for (const item of page.AlarmHistoryItems ?? []) transitions.push(this.#transition(name, item));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return transitions;
  }

  #transition(name: string, { Timestamp, HistoryData: data }: AlarmHistoryItem): AlarmTransition {
    const parsed = HistoryData.safeParse(parseJson(data ?? ''));
    if (!parsed.success || Timestamp === undefined) {
      throw new Error(`the history of alarm "${name}" has an item that cannot be read: ${data}`);
    }
    const { stateValue, stateReason } = parsed.data.newState;
    const effect = this.watched.effectOf(name);
    return { name, at: Timestamp.getTime(), state: stateValue, reason: stateReason, effect };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** DescribeAlarms takes so many names. */
const NAMES_PER_CALL = 100;

interface AlarmState {
  value: string;
  /** Unix ms. */
  changedAt: number;
}

/** By name; those that do not exist are not in it. */
async function readStates(client: CloudWatchClient, names: readonly string[]): Promise<Map<string, AlarmState>> {
  const states = new Map<string, AlarmState>();
  for (let i = 0; i < names.length; i += NAMES_PER_CALL) {
    const AlarmNames = names.slice(i, i + NAMES_PER_CALL);
    const page = await client.send(new DescribeAlarmsCommand({ AlarmNames, MaxRecords: NAMES_PER_CALL, ...ALL_TYPES }));
    for (const alarm of [...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])]) {
      const changed = alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp;
      states.set(alarm.AlarmName ?? '', { value: alarm.StateValue ?? '', changedAt: changed?.getTime() ?? 0 });
    }
  }
  return states;
}

/**
 * Why alarms that are to stop a run could not do so, one line each; none: all stand ready. A name with a typo, or an
 * alarm that is up already, would disarm the safety that its user counts on.
 * @param region where they are looked for
 */
export async function stopAlarmProblems(
  client: CloudWatchClient,
  names: readonly string[],
  region: string,
): Promise<string[]> {
  const states = names.length === 0 ? new Map<string, AlarmState>() : await readStates(client, names);
  return names.flatMap((name) => {
    const where = `the stop alarm "${name}" of target.stopAlarms`;
    const state = states.get(name);
    if (state === undefined) return [`${where} does not exist in ${region}: correct its name and deploy again`];
    if (state.value !== 'ALARM') return [];
    return [`${where} is in ALARM already, so it cannot fire: wait until it is OK, or take it out and deploy again`];
  });
}
