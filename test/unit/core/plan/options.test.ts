import { expect, test } from 'vitest';
import { UserError } from '../../../../core/errors.ts';
import { parseFleetOptions, unobservedWarning } from '../../../../core/plan/options.ts';

test.each([
  ['nothing', undefined, {}],
  ['null, as k6 hands an undefined on', null, {}],
  ['an empty object', {}, {}],
  ['a number of tasks', { tasks: 4 }, { tasks: 4 }],
  ['as many tasks as suit', { tasks: 'auto' }, { tasks: 'auto' }],
  ['all', { tasks: 1, name: 'spike', maxLost: 0 }, { tasks: 1, name: 'spike', maxLost: 0 }],
  [
    'a target',
    { target: { scaleOutWithin: '6m', minPeakTasks: 3 } },
    { target: { observe: null, scaleOutWithinMs: 360_000, minPeakTasks: 3 } },
  ],
])('takes %s', (_, raw, expected) => expect(parseFleetOptions(raw)).toEqual(expected));

test.each([
  ['tasks of 0', { tasks: 0 }, 'options.ext.fleet.tasks is 0: use a whole number of at least 1, or "auto"'],
  ['negative tasks', { tasks: -3 }, 'options.ext.fleet.tasks is -3: use a whole number of at least 1, or "auto"'],
  ['half a task', { tasks: 1.5 }, 'options.ext.fleet.tasks is 1.5: use a whole number of at least 1, or "auto"'],
  ['tasks as text', { tasks: '4' }, 'options.ext.fleet.tasks is "4": use a whole number of at least 1, or "auto"'],
  ['an empty name', { name: '' }, 'options.ext.fleet.name is "": use a text of 1 to 64 characters'],
  ['losses below 0', { maxLost: -1 }, 'options.ext.fleet.maxLost is -1: use a whole number of at least 0'],
  [
    'an unknown option',
    { taks: 4 },
    'options.ext.fleet has an unknown option "taks": use tasks, name, maxLost, target',
  ],
  ['no object', 7, 'options.ext.fleet is 7: use an object with tasks, name, maxLost, target'],
  ['a list', [4], 'options.ext.fleet is [4]: use an object with tasks, name, maxLost, target'],
  ['a target that is no object', { target: 'demo' }, /^options\.ext\.fleet\.target is "demo": give an object/],
  [
    'an unknown option of the target',
    { target: { within: '6m' } },
    /^options\.ext\.fleet\.target\.within .*"6m".*allowed: observe, /,
  ],
])('refuses %s in one line that names option, value and what is allowed', (_, raw, message) => {
  const refusal = (() => {
    try {
      return parseFleetOptions(raw);
    } catch (error) {
      return error;
    }
  })();
  expect(refusal).toBeInstanceOf(UserError);
  const error = refusal as UserError;
  expect(error.exitCode).toBe(104);
  expect(error.message).not.toContain('\n');
  if (typeof message === 'string') expect(error.message).toBe(message);
  else expect(error.message).toMatch(message);
});

test.each([
  [undefined, null],
  [{ observe: 'stack', minPeakTasks: 2 }, null],
  [{ observe: null, maxErrorRate: 0.1, scaleOutWithinMs: null, thresholds: { cpu: [] } }, null],
  [{ observe: null, minPeakTasks: 2 }, 'so minPeakTasks cannot be judged'],
  [
    { observe: null, scaleOutWithinMs: 1, minPeakTasks: 2, thresholds: { cpu: ['max<90'] } },
    'so scaleOutWithin, minPeakTasks and thresholds cannot be judged',
  ],
])('names what cannot be judged without an observer: %o', (target, warning) => {
  expect(unobservedWarning(target)).toEqual(warning === null ? null : expect.stringContaining(warning));
});
