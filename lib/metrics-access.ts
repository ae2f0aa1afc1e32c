import type * as iam from 'aws-cdk-lib/aws-iam';
import { METRIC_NAMESPACE } from '../core/contract/cloudwatch.ts';
import { permit } from './permission.ts';

/** Lets a role publish the fleet's metrics. */
export function permitMetrics(role: iam.Role): void {
  permit(role, {
    actions: ['cloudwatch:PutMetricData'],
    resources: ['*'],
    conditions: { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } },
    reason: 'PutMetricData has no resource level; the condition confines it to one namespace',
  });
}
