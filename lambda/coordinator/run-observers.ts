import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { alarmFails, alarmNames } from '../../core/contract/cloudwatch.ts';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { OBSERVE_STACK, type Plan } from '../../core/contract/plan.ts';
import type { FleetInfo } from '../../core/contract/stack.ts';
import { UserError } from '../../core/errors.ts';
import type { TargetObserver } from '../../core/ports.ts';
import { AlarmObserver, stopAlarmProblems } from '../../observers/aws/alarm-observer.ts';
import { targetClients } from '../../observers/aws/ecs-clients.ts';
import { createStackObserver } from '../../observers/aws/ecs-observer.ts';
import { createObserver } from '../../observers/create-observer.ts';
import { ObserverSet } from '../../observers/observer-set.ts';
import { TIMEOUTS } from '../timeouts.ts';

/** What a run observes: the stack's own alarms, the user's stop alarms, and the plan's target. */
export interface RunObservers {
  observer: TargetObserver;
  /** Why the stop alarms cannot stop this run, one line each. */
  problems(): Promise<string[]>;
}

/** @throws UserError if the plan's target cannot be observed */
export function runObservers(plan: Plan, info: FleetInfo): RunObservers {
  const { target, region, stack } = info;
  const ownAlarms = new AlarmObserver({
    client: new CloudWatchClient({ region, requestHandler: TIMEOUTS }),
    names: alarmNames(stack),
    effectOf: (name) => (alarmFails(stack, name) ? 'fail' : 'report'),
  });
  const parts = [...targetObserver(plan, info), ownAlarms];
  const client = targetClients(info)?.cloudWatch;
  const names = target?.stopAlarms ?? [];
  if (client === undefined || names.length === 0) return { observer: new ObserverSet(parts), problems: async () => [] };
  return {
    observer: new ObserverSet([...parts, new AlarmObserver({ client, names, effectOf: () => 'stop' })]),
    problems: () => stopAlarmProblems(client, names, target?.region ?? region),
  };
}

function targetObserver({ target }: Plan, info: FleetInfo): TargetObserver[] {
  const observe = target?.observe ?? null;
  if (observe === null) return [];
  if (observe !== OBSERVE_STACK) return [createObserver(observe)];
  const observer = createStackObserver(info);
  if (observer !== null) return [observer];
  const message = `observe is "stack", but the configuration of stack ${info.stack} names no target: name one and deploy again`;
  throw new UserError(message, K6Exit.invalidConfig);
}
