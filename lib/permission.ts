import { type CfnResource, Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

export interface Permission {
  actions: string[];
  /** ARNs. `*` alone only for actions that have no resource level. */
  resources: string[];
  conditions?: Record<string, Record<string, string | string[]>>;
  /** Why a resource ends open, where one does: it is what acknowledges the wildcard to cdk-nag. */
  reason?: string;
}

/** Allows it. @throws Error where a resource has a wildcard and there is no reason. */
export function permit(to: iam.Role | iam.ManagedPolicy, permission: Permission): void {
  const { actions, resources, conditions, reason } = permission;
  const statement = new iam.PolicyStatement({ actions, resources, conditions });
  if (to instanceof iam.Role) to.addToPolicy(statement);
  else to.addStatements(statement);
  for (const resource of resources.map((arn) => readable(Stack.of(to).resolve(arn)))) {
    if (!resource.includes('*')) continue;
    if (reason === undefined) throw new Error(`${to.node.path} is permitted ${resource} without a reason`);
    acknowledgeWildcard(to, resource, reason);
  }
}

/** Tells cdk-nag that CDK itself lets the role at an open resource. */
export function acknowledgeWildcard(to: iam.IRole | iam.ManagedPolicy, resource: string, reason: string): void {
  Validations.of(to).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
}

/** The logical id of a construct's resource in the form in which cdk-nag names its attributes. */
export const attribute = (resource: CfnResource, name: string): string =>
  `<${Stack.of(resource).resolve(resource.logicalId)}.${name}>`;

/** A resolved ARN as cdk-nag spells it in a finding: `<Bucket.Arn>/runs/*`. */
function readable(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, ...functions } = value as Record<string, unknown>;
  if (Ref !== undefined) return `<${Ref}>`;
  const join = functions['Fn::Join'] as [string, unknown[]] | undefined;
  if (join) return join[1].map(readable).join(join[0]);
  const getAtt = functions['Fn::GetAtt'] as [string, string] | undefined;
  if (getAtt) return `<${getAtt.join('.')}>`;
  return JSON.stringify(value);
}
