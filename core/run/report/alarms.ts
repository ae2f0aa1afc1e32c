/** What alarms mean for a run: those that fire after its start. */

import { isAlarmOn } from '../../contract/cloudwatch.ts';
import type { AlarmTransition } from '../../contract/result.ts';
import { oneLine } from '../../errors.ts';
import type { RunState } from '../state.ts';

/** The transitions since the start, in order of time. */
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
 * Those that fail the run. An alarm of the stack's own may have been raised by another run: that is none of this one's.
 * One that another run had raised before the start does not fire again, and fails nothing.
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
