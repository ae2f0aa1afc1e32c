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
  /** What it means for the run if that alarm fires. */
  effectOf(name: string): AlarmTransition['effect'];
}

/** The part of an item's HistoryData, JSON in a string, that is needed. */
const HistoryData = z.object({
  newState: z.object({ stateValue: AlarmTransition.shape.state, stateReason: z.string().default('') }),
});

/** Without this, CloudWatch lists metric alarms alone. */
const ALL_TYPES = { AlarmTypes: ['MetricAlarm' as const, 'CompositeAlarm' as const] };

/**
 * Reports the transitions of alarms. The current states, of up to 100 alarms in one request, show which have changed; the
 * history of those shows what happened, so that an alarm that fires and recovers between two readings, or between two
 * legs of a run, is not missed. CloudWatch allows an account 9 requests a second for states and 3 for histories.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
 */
export class AlarmObserver implements TargetObserver {
  /** By alarm: when its latest reported transition happened, Unix ms. */
  private readonly reportedAt = new Map<string, number>();
  /** Alarms already reported as missing. */
  private readonly missing = new Set<string>();

  constructor(
    private readonly options: AlarmObserverOptions,
    private readonly now: () => number = Date.now,
  ) {}

  /** An alarm that does not exist is an event, once. @throws Error if states or histories cannot be read */
  async observe(since: number): Promise<Observation> {
    const { client, names } = this.options;
    const states = await readStates(client, names);
    const observation: Observation = { reading: null, events: [], samples: [], alarms: [] };
    for (const name of names) {
      const state = states.get(name);
      if (state !== undefined) observation.alarms.push(...(await this.newTransitions(name, state, since)));
      else if (!this.missing.has(name)) {
        this.missing.add(name);
        observation.events.push({
          at: this.now(),
          message: `alarm "${name}" does not exist, so nothing watches its metric`,
        });
      }
    }
    observation.alarms.sort((a, b) => a.at - b.at);
    return observation;
  }

  private async newTransitions(
    name: string,
    { value, changedAt }: AlarmState,
    since: number,
  ): Promise<AlarmTransition[]> {
    const reportedAt = this.reportedAt.get(name) ?? 0;
    if (changedAt < since || changedAt <= reportedAt) return [];
    const from = Math.max(since, reportedAt);
    const transitions = await this.readHistory(name, from);
    // A history that lags behind the state is read again next time.
    if (transitions.at(-1)?.state === value) this.reportedAt.set(name, changedAt);
    return transitions.filter(({ at }) => at >= from);
  }

  /** In order of time. A transition that is read again has the same time again. */
  private async readHistory(name: string, from: number): Promise<AlarmTransition[]> {
    const transitions: AlarmTransition[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.options.client.send(
        new DescribeAlarmHistoryCommand({
          AlarmName: name,
          HistoryItemType: 'StateUpdate',
          StartDate: new Date(from),
          ScanBy: 'TimestampAscending',
          ...ALL_TYPES,
          NextToken,
        }),
      );
      for (const item of page.AlarmHistoryItems ?? []) transitions.push(this.parseItem(name, item));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return transitions;
  }

  private parseItem(name: string, { Timestamp, HistoryData: data }: AlarmHistoryItem): AlarmTransition {
    const parsed = HistoryData.safeParse(parseJson(data ?? ''));
    if (!parsed.success || Timestamp === undefined) {
      throw new Error(`the history of alarm "${name}" has an invalid item: ${data}`);
    }
    const { stateValue, stateReason } = parsed.data.newState;
    const effect = this.options.effectOf(name);
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

/** The limit of DescribeAlarms. */
const NAMES_PER_CALL = 100;

interface AlarmState {
  value: string;
  /** Unix ms. */
  changedAt: number;
}

/** By name; alarms that do not exist are missing. */
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
 * Why stop alarms could not stop a run, one line each; empty: all are ready. A name with a typo, or an alarm that is
 * already in ALARM, would silently remove the safety that the user relies on.
 * @param region the region of the alarms, for the message
 */
export async function stopAlarmProblems(
  client: CloudWatchClient,
  names: readonly string[],
  region: string,
): Promise<string[]> {
  const states = names.length === 0 ? new Map<string, AlarmState>() : await readStates(client, names);
  return names.flatMap((name) => {
    const alarm = `the stop alarm "${name}" of target.stopAlarms`;
    const state = states.get(name);
    if (state === undefined) return [`${alarm} does not exist in ${region}: correct its name and deploy again`];
    if (state.value !== 'ALARM') return [];
    return [`${alarm} is already in ALARM, so it cannot fire: wait until it is OK, or remove it and deploy again`];
  });
}
