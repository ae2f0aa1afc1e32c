import { K6Exit } from '../core/contract/exit-codes.ts';
import { UserError } from '../core/errors.ts';
import type { TargetObserver } from '../core/ports.ts';
import { OBSERVE_STACK } from '../core/scaling/aws-defaults.ts';
import { DemoObserver } from './demo-observer.ts';

const ALLOWED = 'demo:<URL of the demo>, such as demo:http://127.0.0.1:8080';

/**
 * The observer that `observe` names, as `<kind>:<where>`.
 * @throws UserError (104) with what was wrong, the value and what is allowed
 */
export function createObserver(observe: string): TargetObserver {
  const colon = observe.indexOf(':');
  const kind = colon < 0 ? observe : observe.slice(0, colon);
  const where = colon < 0 ? '' : observe.slice(colon + 1);
  if (observe === OBSERVE_STACK)
    throw refused('only a run on a stack can observe its target: name it by --stack', observe);
  if (kind !== 'demo') throw refused('an unknown kind of target', observe);
  if (!isHttpUrl(where)) throw refused('not an http URL after "demo:"', observe);
  return new DemoObserver(where);
}

const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

const refused = (wrong: string, observe: string): UserError =>
  new UserError(`observe is ${JSON.stringify(observe)}: ${wrong}; allowed: ${ALLOWED}`, K6Exit.invalidConfig);
