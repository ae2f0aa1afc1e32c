import { Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/** A VPC that costs nothing while idle: public subnets in two zones, no NAT gateway, S3 by a gateway endpoint. */
export class PublicVpc extends Construct {
  readonly vpc: ec2.Vpc;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      // /18, the largest that two subnets of a /16 with room to grow can be: 16,379 addresses each, one a task.
      subnetConfiguration: [
        // Tasks ask for a public address themselves: nothing else that lands here gets one unasked.
        { name: 'public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 18, mapPublicIpOnLaunch: false },
      ],
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
      // Nothing uses the default group; to empty it, CDK would deploy a Lambda, a role and a custom resource.
      restrictDefaultSecurityGroup: false,
    });
    Validations.of(this.vpc).acknowledge({
      id: 'AwsSolutions-VPC7',
      reason: 'flow logs would record every connection of a load test, at $0.50 a GB; tasks accept none themselves',
    });
  }
}
