import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { VpcConfig } from './config.ts';
import { PublicVpc } from './public-vpc.ts';

export interface NetworkProps {
  /** An existing one; undefined: one of its own. */
  existing: VpcConfig | undefined;
}

/**
 * Where tasks run. Whether a task needs a public address depends on its subnet's routes, which the CLI reads when a run
 * is planned: nothing is looked up at synth.
 */
export class Network extends Construct {
  readonly vpc: ec2.IVpc;
  readonly subnetIds: string[];
  readonly securityGroupIds: string[];

  constructor(scope: Construct, id: string, { existing }: NetworkProps) {
    super(scope, id);
    this.vpc = existing ? this.import(existing.vpcId) : new PublicVpc(this, 'Own').vpc;
    this.subnetIds = existing?.subnetIds ?? this.vpc.publicSubnets.map(({ subnetId }) => subnetId);
    this.securityGroupIds = existing?.securityGroupIds ?? [this.newSecurityGroup().securityGroupId];
  }

  private import(vpcId: string): ec2.IVpc {
    // CDK wants zones; nothing of ours is placed by them.
    return ec2.Vpc.fromVpcAttributes(this, 'Existing', { vpcId, availabilityZones: ['any'] });
  }

  /** No inbound port anywhere: tasks poll the store. */
  private newSecurityGroup(): ec2.SecurityGroup {
    return new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: this.vpc,
      description: 'k6-fleet tasks: no inbound; let a private load balancer admit this group',
      allowAllOutbound: true,
    });
  }
}
