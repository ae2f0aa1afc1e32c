import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Estimate, estimate } from '../../../../core/aws/cost.ts';
import type { Plan } from '../../../../core/contract/plan.ts';
import { awsPlan, stackInfo } from '../../../support/aws-samples.ts';

const of = ({ items }: Estimate, name: string) => items.find((item) => item.name.startsWith(name));
const HOUR = 3_600_000;

describe('estimate', () => {
  it('has the figures of the design for 1,000 tasks: $45 an hour of Fargate, $3.6 of PUTs', () => {
    const plan = awsPlan({ tasks: 1000, durationMs: HOUR });
    const cost = estimate(plan, stackInfo({ architecture: 'x86_64', memoryMiB: 1024 }));
    // 1,000 × (0.04048 + 0.004445) = $44.9 an hour, plus the time in which tasks wait for each other and exit.
    expect(of(cost, 'Fargate vCPU')?.dollars).toBeGreaterThan(40.48);
    expect(of(cost, 'Fargate vCPU')?.dollars).toBeLessThan(40.48 * 1.05);
    expect(of(cost, 'Fargate memory')?.dollars).toBeCloseTo(4.445 * 1.03, 0);
    expect(of(cost, 'S3 PUT')?.dollars).toBeGreaterThan(3.6);
    expect(of(cost, 'S3 PUT')?.dollars).toBeLessThan(3.9);
    expect(of(cost, 'public IPv4')?.dollars).toBeCloseTo(5.1, 0);
    expect(cost.launchSeconds).toBe(94);
    expect(cost.pricesDate).toBe('2026-11');
    expect(cost.perHour).toBeGreaterThan(40.48 + 4.445 + 5 + 3.6);
    expect(cost.perHour).toBeLessThan(60);
  });

  it('adds up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1000, max: 2 * HOUR }), (tasks, durationMs) => {
        const cost = estimate(awsPlan({ tasks, durationMs }), stackInfo());
        const sum = cost.items.reduce((total, { dollars }) => total + dollars, 0);
        expect(cost.total).toBeCloseTo(sum, 9);
        expect(cost.items.every(({ amount, dollars }) => amount > 0 && dollars > 0)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('costs more with more tasks and with more time', () => {
    const cost = (tasks: number, durationMs: number) => estimate(awsPlan({ tasks, durationMs }), stackInfo()).total;
    expect(cost(101, HOUR)).toBeGreaterThan(cost(100, HOUR));
    expect(cost(100, HOUR + 60_000)).toBeGreaterThan(cost(100, HOUR));
  });

  it('prices arm64 and Spot lower', () => {
    const plan = awsPlan({ tasks: 10 });
    const dollars = (more: Parameters<typeof stackInfo>[0]) =>
      of(estimate(plan, stackInfo(more)), 'Fargate')?.dollars ?? 0;
    expect(dollars({ architecture: 'arm64' }) / dollars({ architecture: 'x86_64' })).toBeCloseTo(0.8, 2);
    expect(dollars({ capacity: 'FARGATE_SPOT' }) / dollars({})).toBeCloseTo(0.4, 9);
    expect(estimate(plan, stackInfo({ capacity: 'FARGATE_SPOT' })).notes.join()).toContain('60 % below On-Demand');
  });

  it('charges only the public addresses that there are', () => {
    const subnet = (publicIp: boolean) => ({ id: 'subnet', zone: 'us-east-1a', publicIp });
    const addresses = (...publicIps: boolean[]) =>
      of(estimate(awsPlan({ tasks: 4, fargate: { subnets: publicIps.map(subnet) } }), stackInfo()), 'public IPv4');
    expect(addresses(false)).toBeUndefined();
    expect((addresses(true)?.amount ?? 0) / (addresses(true, false)?.amount ?? 1)).toBeCloseTo(2, 9);
  });

  it("counts the target's series and the observation after the load", () => {
    const target = { services: [{ cluster: 'c', service: 's' }], metrics: {}, stopAlarms: [] };
    const observed = { observe: 'stack', scaleOutWithinMs: 1_200_000 };
    const cost = estimate(awsPlan({ target: observed }), stackInfo({ target }));
    expect(of(cost, "CloudWatch, target's series")?.amount).toBeGreaterThan(0);
    const shorter = estimate(awsPlan(), stackInfo({ target }));
    expect((of(cost, 'Lambda')?.amount ?? 0) - (of(shorter, 'Lambda')?.amount ?? 0)).toBeCloseTo(
      (600 * 1769) / 1024,
      6,
    );
    expect(of(cost, 'Fargate vCPU')?.amount).toBe(of(shorter, 'Fargate vCPU')?.amount);
  });

  it('is a maximum if the scenarios end with their iterations', () => {
    const scenario = (durationMs: number, iterations: number | null = null) => ({
      ...{ name: 'any', executor: 'any', startMs: 0 },
      ...{ durationMs, iterations },
    });
    const isMaximum = (...scenarios: Plan['scenarios']) => estimate({ ...awsPlan(), scenarios }, stackInfo()).isMaximum;

    expect(isMaximum(scenario(60_000))).toBe(false);
    expect(isMaximum(scenario(600_000, 7))).toBe(true);
    expect(isMaximum(scenario(60_000), scenario(600_000, 7)), 'the longest may end early').toBe(true);
    expect(isMaximum(scenario(600_000), scenario(600_000, 7)), 'one of the longest does not').toBe(false);
  });

  it('names the region and date of its prices', () => {
    expect(estimate(awsPlan(), stackInfo({ region: 'eu-central-1' })).notes[0]).toBe(
      'list prices of us-east-1 as of 2026-11, without free tiers; those of eu-central-1 differ',
    );
  });
});
