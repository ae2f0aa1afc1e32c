import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetEvent, TargetSample } from '../../core/contract/result.ts';
import type { TargetConfig } from '../../core/contract/stack.ts';
import { TargetSeries } from '../../core/contract/target-series.ts';
import { errorLine } from '../../core/one-line.ts';
import type { Observation, TargetObserver } from '../../core/ports.ts';
import type { EcsClients } from './ecs-clients.ts';
import { readMetrics } from './ecs-metrics.ts';
import { readMaximums, readScalingActivities } from './ecs-scaling.ts';
import { readServices, sumOf } from './ecs-services.ts';

/**
 * CloudWatch takes $0.01 for 1,000 metrics (us-east-1, 2026-11): eight metrics a minute are half a cent an hour. They
 * have no more than a point a minute.
 */
const SELDOM_MS = 60_000;
/** Points are asked for again for so long: they come late, and a coordinator may have been away. */
const METRICS_BACK_MS = 15 * 60_000;

/** Reads how ECS services scale, and what goes with it: autoscaling, load balancer, database, metrics. */
export class EcsObserver implements TargetObserver {
  #seldomAt = Number.NEGATIVE_INFINITY;
  #maximums: (number | undefined)[] = [];
  /** The sources that could not be read, and why: told once. */
  readonly #failed = new Map<string, string>();
  /** The latest sample of each series that is read more often than it is told. */
  readonly #told = new Map<string, TargetSample>();

  constructor(
    private readonly target: TargetConfig,
    private readonly clients: EcsClients,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Counts, events and healthy hosts of now; at most once a minute the metrics of the last quarter of an hour.
   * @throws Error where the services themselves cannot be read; any other source that fails is an event, once
   */
  async observe(since: number): Promise<Observation> {
    const { target, clients } = this;
    const now = this.now();
    const seldom = now - this.#seldomAt >= SELDOM_MS;
    const failures: TargetEvent[] = [];
    const attempt = async <T>(what: string, read: () => Promise<T>, otherwise: T): Promise<T> => {
      try {
        return await read();
      } catch (error) {
        failures.push(...this.#failure(what, error, now));
        return otherwise;
      }
    };
    const [services, activities, healthy, samples, maximums] = await Promise.all([
      readServices(clients.ecs, target.services, since),
      attempt('scaling activities', () => readScalingActivities(clients.scaling, target.services, since), []),
      attempt('healthy hosts', () => this.#healthyHosts(), null),
      seldom ? attempt('metrics', () => this.#metrics(since, now), []) : [],
      seldom
        ? attempt('maximum', () => readMaximums(clients.scaling, target.services), this.#maximums)
        : this.#maximums,
    ]);
    if (seldom) this.#seldomAt = now;
    this.#maximums = maximums;
    // A service that nothing scales stays as it is.
    const scales = maximums.some((maximum) => maximum !== undefined);
    const maximum = services.reduce((sum, { desired }, i) => sum + (maximums[i] ?? desired), 0);
    return {
      reading: { at: now, ...sumOf(services) },
      events: [...services.flatMap(({ events }) => events), ...activities, ...failures],
      samples: [
        ...samples,
        ...(healthy === null ? [] : this.#tell({ series: TargetSeries.healthyHosts, at: now, value: healthy })),
        ...(scales ? this.#tell({ series: TargetSeries.maximum, at: now, value: maximum }) : []),
      ],
      alarms: [],
      ...(scales && { maximum }),
    };
  }

  async #healthyHosts(): Promise<number | null> {
    const { targetGroup } = this.target;
    if (targetGroup === undefined) return null;
    const command = new DescribeTargetHealthCommand({ TargetGroupArn: targetGroup });
    const { TargetHealthDescriptions = [] } = await this.clients.loadBalancing.send(command);
    return TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State === 'healthy').length;
  }

  #metrics(since: number, now: number): Promise<TargetSample[]> {
    return readMetrics(this.clients.cloudWatch, this.target, Math.max(since, now - METRICS_BACK_MS), now);
  }

  /** A value that has changed, and one a minute: what is read every 10 s would fill a long run's files. */
  #tell(sample: TargetSample): TargetSample[] {
    const before = this.#told.get(sample.series);
    if (before !== undefined && before.value === sample.value && sample.at - before.at < SELDOM_MS) return [];
    this.#told.set(sample.series, sample);
    return [sample];
  }

  #failure(what: string, error: unknown, at: number): TargetEvent[] {
    const why = errorLine(error);
    if (this.#failed.get(what) === why) return [];
    this.#failed.set(what, why);
    return [{ at, message: `the target's ${what} could not be read: ${why}` }];
  }
}
