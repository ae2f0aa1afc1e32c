import {
  type ApplicationAutoScalingClient,
  paginateDescribeScalableTargets,
  paginateDescribeScalingActivities,
  type ScalingActivity,
} from '@aws-sdk/client-application-auto-scaling';
import type { TargetEvent } from '../../core/contract/result.ts';
import { desiredSetBy } from '../event-meaning.ts';
import type { ServiceName } from './ecs-services.ts';

const RESOURCE = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const;
/** The limit of DescribeScalableTargets. */
const RESOURCES_PER_CALL = 50;

const resourceOf = ({ cluster, service }: ServiceName): string => `service/${cluster}/${service}`;

/** What autoscaling did to the services, and why it did or did not scale. @param since Unix ms */
export async function readScalingActivities(
  client: ApplicationAutoScalingClient,
  services: readonly ServiceName[],
  since: number,
): Promise<TargetEvent[]> {
  const events = await Promise.all(services.map((service) => activitiesOf(client, service, since)));
  return events.flat();
}

async function activitiesOf(
  client: ApplicationAutoScalingClient,
  service: ServiceName,
  since: number,
): Promise<TargetEvent[]> {
  const events: TargetEvent[] = [];
  // The latest activity is first.
  const pages = paginateDescribeScalingActivities(
    { client },
    { ...RESOURCE, ResourceId: resourceOf(service), IncludeNotScaledActivities: true },
  );
  for await (const { ScalingActivities = [] } of pages) {
    for (const activity of ScalingActivities) events.push(...activityEvents(service.service, activity, since));
    const oldest = ScalingActivities.at(-1)?.StartTime;
    if (oldest === undefined || oldest.getTime() < since) break;
  }
  return events;
}

/**
 * The activity, at its start, and its outcome, at its end. The status of an activity in progress is left out because it
 * changes: an event is counted once only if its text stays the same. Once the activity has set the desired count, its
 * start carries that.
 */
function activityEvents(service: string, activity: ScalingActivity, since: number): TargetEvent[] {
  const { StartTime, EndTime, Cause, Description, StatusCode, StatusMessage, NotScaledReasons = [] } = activity;
  if (StartTime === undefined || StartTime.getTime() < since) return [];
  const prefix = `(autoscaling of ${service}) `;
  const reasons = NotScaledReasons.map(({ Code, MaxCapacity, MinCapacity, CurrentCapacity }) =>
    [Code, limit('maximum', MaxCapacity), limit('minimum', MinCapacity), limit('current', CurrentCapacity)]
      .filter((part) => part !== undefined)
      .join(', '),
  );
  const why = reasons.length > 0 ? ` Not scaled: ${reasons.join('; ')}.` : '';
  const cause = Cause === undefined ? '' : ` Cause: ${Cause}.`;
  const desired = reasons.length > 0 ? undefined : desiredSetBy(StatusMessage ?? '');
  const message = `${prefix}${Description}${why}${cause}`;
  const started = { at: StartTime.getTime(), message, ...(desired !== undefined && { desired }) };
  if (EndTime === undefined || reasons.length > 0) return [started];
  return [started, { at: EndTime.getTime(), message: `${prefix}${StatusCode}: ${StatusMessage ?? Description}` }];
}

const limit = (name: string, value: number | undefined) => (value === undefined ? undefined : `${name} ${value}`);

/** The most tasks that each service may scale to, in the order of `services`; undefined: it has no autoscaling. */
export async function readMaximums(
  client: ApplicationAutoScalingClient,
  services: readonly ServiceName[],
): Promise<(number | undefined)[]> {
  const maximums = new Map<string | undefined, number | undefined>();
  for (let i = 0; i < services.length; i += RESOURCES_PER_CALL) {
    const ResourceIds = services.slice(i, i + RESOURCES_PER_CALL).map(resourceOf);
    for await (const page of paginateDescribeScalableTargets({ client }, { ...RESOURCE, ResourceIds })) {
      for (const { ResourceId, MaxCapacity } of page.ScalableTargets ?? []) maximums.set(ResourceId, MaxCapacity);
    }
  }
  return services.map((service) => maximums.get(resourceOf(service)));
}
