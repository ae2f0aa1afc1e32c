import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration } from '../../../../core/duration.ts';
import { UserError } from '../../../../core/errors.ts';
import {
  AWS_SCALE_OUT_WITHIN_MS,
  checkSeries,
  parseTarget,
  targetPlan,
  withAwsDefaults,
} from '../../../../core/scaling/target-options.ts';

describe('parseTarget', () => {
  it('reads every option', () => {
    const raw = {
      observe: 'demo:http://127.0.0.1:8080',
      scaleOutWithin: '1m30s',
      minPeakTasks: 4,
      maxErrorRate: 0.1,
      recoverWithin: { p95: 1500, within: '2m' },
      thresholds: {
        cpu: ['max<90', { threshold: 'p(95)<80', abortOnFail: true, delayAbortEval: '1m' }],
        running: [{ threshold: 'min>=2', abortOnFail: null, delayAbortEval: 0 }],
      },
    };

    expect(parseTarget(raw)).toEqual({
      observe: 'demo:http://127.0.0.1:8080',
      scaleOutWithinMs: 90_000,
      minPeakTasks: 4,
      maxErrorRate: 0.1,
      recoverWithin: { p95Ms: 1500, withinMs: 120_000 },
      thresholds: raw.thresholds,
    });
  });

  it('takes null as not given: that is what k6 makes of a script’s undefined', () => {
    expect(parseTarget({ observe: null, scaleOutWithin: null, recoverWithin: null })).toEqual({ observe: null });
    expect(parseTarget({ observe: '' })).toEqual({ observe: null });
  });

  it('takes false as no expected scale-out', () => {
    expect(parseTarget({ scaleOutWithin: false })).toEqual({ observe: null, scaleOutWithinMs: null });
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
      'options.ext.fleet.target.scaleOut is not an option (its value is "6m"); allowed: observe, scaleOutWithin, minPeakTasks, maxErrorRate, recoverWithin, thresholds',
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
    [{ observe: 5 }, /observe is 5: give the source of the target's scaling/],
    ['demo', /^options\.ext\.fleet\.target is "demo": give an object/],
    [[], /^options\.ext\.fleet\.target is \[\]: give an object/],
    [{ recoverWithin: '2m' }, /recoverWithin is "2m": give \{ p95:/],
    [{ scaleOutWithin: true }, /scaleOutWithin is true: give a duration/],
    [
      { thresholds: ['max<90'] },
      'options.ext.fleet.target.thresholds is ["max<90"]: give thresholds by series, such as { cpu: [\'max<90\'] }',
    ],
    [{ thresholds: { cpu: 'max<90' } }, /thresholds\.cpu is "max<90": give a list of thresholds such as \['max<90'\]/],
    [
      { thresholds: { cpu: ['max<90', 90] } },
      "options.ext.fleet.target.thresholds.cpu.1 is 90: give a threshold such as 'max<90' or { threshold: 'max<90', abortOnFail: true, delayAbortEval: '1m' }",
    ],
    [{ thresholds: { cpu: [{ threshold: 'max<90', abort: true }] } }, /thresholds\.cpu\.0 is \{.*: give a threshold/],
    [{ thresholds: { cpu: [{ threshold: 'max<90', delayAbortEval: 'soon' }] } }, /thresholds\.cpu\.0 is \{.*: give a/],
    [{ thresholds: { cpu: [{ abortOnFail: true }] } }, /thresholds\.cpu\.0 is \{.*: give a threshold/],
  ])('refuses %j in one line', (raw, message) => {
    const parse = () => parseTarget(raw);

    expect(parse).toThrow(UserError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow(/\n/);
  });
});

describe('checkSeries', () => {
  it('refuses a threshold on a series that the target does not have', () => {
    const check = () => checkSeries(parseTarget({ thresholds: { cpuu: ['max<90'] } }), ['desired', 'cpu']);

    expect(check).toThrow(UserError);
    expect(check).toThrow(
      'options.ext.fleet.target.thresholds.cpuu is not a series of the target; it has desired, cpu',
    );
  });

  it('accepts all others', () => {
    expect(() => checkSeries(parseTarget({ thresholds: { cpu: ['max<90'] } }), ['cpu'])).not.toThrow();
    expect(() => checkSeries(parseTarget({}), [])).not.toThrow();
  });
});

describe('withAwsDefaults', () => {
  it('gives a target that the stack observes 6 min to scale out', () => {
    expect(AWS_SCALE_OUT_WITHIN_MS).toBe(360_000);
    expect(withAwsDefaults(parseTarget({ observe: 'stack' }))).toEqual({ observe: 'stack', scaleOutWithinMs: 360_000 });
  });

  it.each([
    ['another time', { observe: 'stack', scaleOutWithin: '2m' }],
    ['that none is expected', { observe: 'stack', scaleOutWithin: false }],
    ['another observer', { observe: 'demo:http://127.0.0.1:8080' }],
    ['no observer', {}],
  ])('keeps what a script says: %s', (_, raw) => {
    expect(withAwsDefaults(parseTarget(raw))).toEqual(parseTarget(raw));
  });

  it('a scale-out that is not expected is not in the plan', () => {
    expect(targetPlan(parseTarget({ observe: 'stack', scaleOutWithin: false }), {})).toEqual({ observe: 'stack' });
  });
});
