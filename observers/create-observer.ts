import { K6Exit } from '../core/contract/exit-codes.ts';
import { OBSERVE_STACK } from '../core/contract/plan.ts';
import { UserError } from '../core/errors.ts';
import type { TargetObserver } from '../core/ports.ts';
import { DemoObserver } from './demo-observer.ts';

const ALLOWED = 'demo:<URL of the demo>, such as demo:http://127.0.0.1:8080';

/** @throws UserError (104) that names the value, what is wrong with it and what is allowed */
export const createObserver = (observe: string): TargetObserver => new DemoObserver(demoUrl(observe));

/**
 * Checks that `observe` names a target that can be observed without a stack: `demo:<URL>`.
 * @throws UserError (104), as `createObserver`
 */
export function checkObserve(observe: string): void {
  demoUrl(observe);
}

function demoUrl(observe: string): string {
  const [, kind, url = ''] = /^([^:]*):?(.*)$/s.exec(observe) ?? [];
  if (observe === OBSERVE_STACK) throw refused('only a run on a stack can observe its target: add --stack', observe);
  if (kind !== 'demo') throw refused('an unknown kind of target', observe);
  if (!isHttpUrl(url)) throw refused('not an http URL after "demo:"', observe);
  return url;
}

const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

const refused = (wrong: string, observe: string): UserError =>
  new UserError(`observe is ${JSON.stringify(observe)}: ${wrong}; allowed: ${ALLOWED}`, K6Exit.invalidConfig);
