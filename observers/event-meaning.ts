import type { TargetEvent } from '../core/contract/result.ts';

/** The text of Application Auto Scaling; ECS repeats it among a service's events. */
const SET_DESIRED = /\bSuccessfully set desired count to (\d+)\b/;
const STEADY = /\bhas reached a steady state\.?$/;

/** The desired count that an event of a service has set; undefined: it set none. */
export function desiredSetBy(text: string): number | undefined {
  const count = SET_DESIRED.exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** An event of a service, with what it says about the service's counts. @param at Unix ms */
export function serviceEvent(at: number, message: string): TargetEvent {
  const desired = desiredSetBy(message);
  return { at, message, ...(desired !== undefined && { desired }), ...(STEADY.test(message) && { steady: true }) };
}
