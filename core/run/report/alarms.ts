/** The alarms that concern a run: those that fire after its start. */

import { isAlarmOn } from '../../contract/cloudwatch.ts';
import type { AlarmTransition } from '../../contract/result.ts';
import { oneLine } from '../../errors.ts';
import type { RunState } from '../state.ts';

/** The transitions since the start, by time. */
export const alarmsSinceStart = ({ alarms, startAt }: Pick<RunState, 'alarms' | 'startAt'>): AlarmTransition[] =>
  startAt === null ? [] : alarms.filter(({ at }) => at >= startAt).sort((a, b) => a.at - b.at);

/** The first firing of each alarm since the start. */
export function firedAlarms(state: Pick<RunState, 'alarms' | 'startAt'>): AlarmTransition[] {
  const first = new Map<string, AlarmTransition>();
  for (const alarm of alarmsSinceStart(state)) {
    if (alarm.state === 'ALARM' && !first.has(alarm.name)) first.set(alarm.name, alarm);
  }
  return [...first.values()];
}

/**
 * The alarms that fail the run. One of the stack's own counts only if this run has raised its condition, since another
 * run may have raised the alarm. An alarm that was up before the start does not fire again, so it fails nothing.
 */
export const failingAlarms = (state: Pick<RunState, 'alarms' | 'startAt' | 'raisedConditions'>): AlarmTransition[] =>
  firedAlarms(state).filter(
    ({ name, effect }) =>
      effect === 'stop' ||
      (effect === 'fail' && state.raisedConditions.some((condition) => isAlarmOn(name, condition))),
  );

/** One line. */
export const alarmMessage = ({ name, at, reason }: AlarmTransition): string =>
  `alarm ${name} fired at ${new Date(at).toISOString().slice(11, 19)} UTC: ${oneLine(reason)}`;
