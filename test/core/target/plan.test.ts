import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration } from '../../../core/duration.ts';
import { UserError } from '../../../core/errors.ts';
import { parseTarget } from '../../../core/target/plan.ts';

describe('parseTarget', () => {
  it('reads every option', () => {
    const raw = {
      observe: 'demo:http://127.0.0.1:8080',
      scaleOutWithin: '1m30s',
      minPeakTasks: 4,
      maxErrorRate: 0.1,
      recoverWithin: { p95: 1500, within: '2m' },
    };

    expect(parseTarget(raw)).toEqual({
      observe: 'demo:http://127.0.0.1:8080',
      scaleOutWithinMs: 90_000,
      minPeakTasks: 4,
      maxErrorRate: 0.1,
      recoverWithin: { p95Ms: 1500, withinMs: 120_000 },
    });
  });

  it('takes null as not given: that is what k6 makes of a script’s undefined', () => {
    expect(parseTarget({ observe: null, scaleOutWithin: null, recoverWithin: null })).toEqual({ observe: null });
    expect(parseTarget({ observe: '' })).toEqual({ observe: null });
  });

  it('takes a duration as text or as ms', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e10 }), (ms) => {
        expect(parseTarget({ scaleOutWithin: formatDuration(ms) })).toEqual(parseTarget({ scaleOutWithin: ms }));
      }),
    );
  });

  it.each([
    [
      { scaleOut: '6m' },
      'options.ext.fleet.target.scaleOut is not an option (its value is "6m"); allowed: observe, scaleOutWithin, minPeakTasks, maxErrorRate, recoverWithin',
    ],
    [
      { recoverWithin: { p99: 1, p95: 1, within: 1 } },
      'options.ext.fleet.target.recoverWithin.p99 is not an option (its value is 1); allowed: p95, within',
    ],
    [
      { scaleOutWithin: '6 minutes' },
      "options.ext.fleet.target.scaleOutWithin is \"6 minutes\": give a duration such as '90s' or '1m30s', or a number of ms, above 0",
    ],
    [
      { recoverWithin: { p95: '1s' } },
      "options.ext.fleet.target.recoverWithin.within is missing: give a duration such as '90s' or '1m30s', or a number of ms, above 0",
    ],
    [{ minPeakTasks: 1.5 }, 'options.ext.fleet.target.minPeakTasks is 1.5: give a whole number above 0'],
    [{ minPeakTasks: 0 }, 'options.ext.fleet.target.minPeakTasks is 0: give a whole number above 0'],
    [{ maxErrorRate: 10 }, 'options.ext.fleet.target.maxErrorRate is 10: give a share from 0 to 1'],
    [{ scaleOutWithin: -1 }, /scaleOutWithin is -1: give a duration/],
    [{ observe: 5 }, /observe is 5: give where the target's scaling can be read/],
    ['demo', /^options\.ext\.fleet\.target is "demo": give an object/],
    [[], /^options\.ext\.fleet\.target is \[\]: give an object/],
    [{ recoverWithin: '2m' }, /recoverWithin is "2m": give \{ p95:/],
  ])('refuses %j in one line', (raw, message) => {
    const parse = () => parseTarget(raw);

    expect(parse).toThrow(UserError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow(/\n/);
  });
});
