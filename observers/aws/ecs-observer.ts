import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetEvent, TargetSample } from '../../core/contract/result.ts';
import type { FleetInfo, TargetConfig } from '../../core/contract/stack.ts';
import { TargetSeries } from '../../core/contract/target-series.ts';
import { errorLine } from '../../core/errors.ts';
import type { Observation, TargetObserver } from '../../core/ports.ts';
import { type ClientConfig, type EcsClients, targetClients } from './ecs-clients.ts';
import { readMetrics } from './ecs-metrics.ts';
import { readMaximums, readScalingActivities } from './ecs-scaling.ts';
import { readServices, sumOf } from './ecs-services.ts';

/**
 * How often metrics and maximums are read, ms: CloudWatch has at most a point a minute and charges $0.01 for 1,000 metrics
 * (us-east-1, 2026-11), so eight metrics a minute cost half a cent an hour.
 */
const METRICS_INTERVAL_MS = 60_000;
/** How far back points are read each time, ms: they arrive late, and a coordinator may have been away. */
const METRICS_WINDOW_MS = 15 * 60_000;

/** The observer of the target that a stack's configuration names; null: it names none. */
export function createStackObserver(info: FleetInfo, config: ClientConfig = {}): TargetObserver | null {
  const clients = targetClients(info, config);
  return info.target === null || clients === null ? null : new EcsObserver(info.target, clients);
}

/**
 * Reads how ECS services scale, with their autoscaling, load balancer, database and metrics.
 * @internal exported for its test
 */
export class EcsObserver implements TargetObserver {
  private metricsReadAt = Number.NEGATIVE_INFINITY;
  private maximums: (number | undefined)[] = [];
  /** The last error of each source, so that it is reported once. */
  private readonly reportedErrors = new Map<string, string>();
  /** The last reported sample of each series that is read more often than it is reported. */
  private readonly reportedSamples = new Map<string, TargetSample>();

  constructor(
    private readonly target: TargetConfig,
    private readonly clients: EcsClients,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * The current counts, events and healthy hosts, and at most once a minute the metrics of the last 15 minutes.
   * @throws Error if the services themselves cannot be read; an error of any other source is an event, once
   */
  async observe(since: number): Promise<Observation> {
    const { target, clients } = this;
    const now = this.now();
    const metricsDue = now - this.metricsReadAt >= METRICS_INTERVAL_MS;
    const failures: TargetEvent[] = [];
    const attempt = async <T>(source: string, read: () => Promise<T>, fallback: T): Promise<T> => {
      try {
        return await read();
      } catch (error) {
        failures.push(...this.newFailure(source, error, now));
        return fallback;
      }
    };
    const [services, activities, healthy, samples, maximums] = await Promise.all([
      readServices(clients.ecs, target.services, since),
      attempt('scaling activities', () => readScalingActivities(clients.scaling, target.services, since), []),
      attempt('healthy hosts', () => this.readHealthyHosts(), null),
      metricsDue ? attempt('metrics', () => this.readMetrics(since, now), []) : [],
      metricsDue
        ? attempt('maximum', () => readMaximums(clients.scaling, target.services), this.maximums)
        : this.maximums,
    ]);
    if (metricsDue) this.metricsReadAt = now;
    this.maximums = maximums;
    // A service without autoscaling keeps its desired count.
    const scales = maximums.some((maximum) => maximum !== undefined);
    const maximum = services.reduce((sum, { desired }, i) => sum + (maximums[i] ?? desired), 0);
    return {
      reading: { at: now, ...sumOf(services) },
      events: [...this.ofTarget([...services.flatMap(({ events }) => events), ...activities]), ...failures],
      samples: [
        ...samples,
        ...(healthy === null ? [] : this.ifNews({ series: TargetSeries.healthyHosts, at: now, value: healthy })),
        ...(scales ? this.ifNews({ series: TargetSeries.maximum, at: now, value: maximum }) : []),
      ],
      alarms: [],
      ...(scales && { maximum }),
    };
  }

  /** The counts of one service are the target's only if it has no other. */
  private ofTarget(events: TargetEvent[]): TargetEvent[] {
    return this.target.services.length === 1 ? events : events.map(({ at, message }) => ({ at, message }));
  }

  private async readHealthyHosts(): Promise<number | null> {
    const { targetGroup } = this.target;
    if (targetGroup === undefined) return null;
    const command = new DescribeTargetHealthCommand({ TargetGroupArn: targetGroup });
    const { TargetHealthDescriptions = [] } = await this.clients.loadBalancing.send(command);
    return TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State === 'healthy').length;
  }

  private readMetrics(since: number, now: number): Promise<TargetSample[]> {
    return readMetrics(this.clients.cloudWatch, this.target, Math.max(since, now - METRICS_WINDOW_MS), now);
  }

  /** The sample if its value has changed or a minute has passed: one every 10 s would fill a long run's files. */
  private ifNews(sample: TargetSample): TargetSample[] {
    const last = this.reportedSamples.get(sample.series);
    const isRecent = last !== undefined && sample.at - last.at < METRICS_INTERVAL_MS;
    if (isRecent && last.value === sample.value) return [];
    this.reportedSamples.set(sample.series, sample);
    return [sample];
  }

  private newFailure(source: string, error: unknown, at: number): TargetEvent[] {
    const reason = errorLine(error);
    if (this.reportedErrors.get(source) === reason) return [];
    this.reportedErrors.set(source, reason);
    return [{ at, message: `the target's ${source} could not be read: ${reason}` }];
  }
}
