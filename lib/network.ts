import { Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { VpcConfig } from './config.ts';

export interface NetworkProps {
  /** An existing VPC; undefined: a new one. */
  existing: VpcConfig | undefined;
}

/**
 * Where tasks run. Nothing is looked up at synth: whether a task needs a public address depends on its subnet's routes,
 * which the CLI reads when it plans a run.
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
    // CDK requires availability zones; we place nothing by them.
    return ec2.Vpc.fromVpcAttributes(this, 'Existing', { vpcId, availabilityZones: ['any'] });
  }

  /** No inbound rule: tasks poll the store. */
  private newSecurityGroup(): ec2.SecurityGroup {
    return new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: this.vpc,
      description: 'k6-fleet tasks: no inbound rules; a private load balancer must admit this group',
      allowAllOutbound: true,
    });
  }
}

/** A VPC that costs nothing while idle: public subnets in two zones, no NAT gateway, a gateway endpoint for S3. */
export class PublicVpc extends Construct {
  readonly vpc: ec2.Vpc;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      // Two /18 take half of the /16: 16,379 usable addresses each, one for each task.
      subnetConfiguration: [
        // Tasks request their public address; nothing else in these subnets gets one by default.
        { name: 'public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 18, mapPublicIpOnLaunch: false },
      ],
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
      // Nothing uses the default group; to restrict it, CDK would deploy a Lambda, a role and a custom resource.
      restrictDefaultSecurityGroup: false,
    });
    Validations.of(this.vpc).acknowledge({
      id: 'AwsSolutions-VPC7',
      reason:
        'flow logs would record every connection of a load test, at $0.50 a GB, and tasks accept no connections themselves',
    });
  }
}
