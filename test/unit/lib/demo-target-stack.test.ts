import { Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import type { StackInfo } from '../../../core/contract/stack.ts';
import { infoOf, only, outputOf, synth } from './synth.ts';

const templates = synth({ demoTarget: true });
const demo = templates.demo as Template;

describe('the demo target', () => {
  it('exists only if it is configured', () => {
    expect(synth().demo).toBeNull();
  });

  it('is the demo service behind a public load balancer, in public subnets without a NAT gateway', () => {
    demo.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internet-facing' });
    demo.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      HealthCheckPath: '/_demo/state',
      Port: 8080,
      TargetType: 'ip',
    });
    demo.hasResourceProperties('AWS::ECS::Service', {
      DesiredCount: 2,
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'ENABLED' } },
    });
    demo.resourceCountIs('AWS::EC2::NatGateway', 0);
  });

  it('is scaled by ECS target tracking from 2 to 10, each task with the capacity of one', () => {
    const [container] = only(demo, 'AWS::ECS::TaskDefinition').ContainerDefinitions as [Record<string, unknown>];
    expect(container.Command).toEqual(['--port', '8080', '--no-autoscaling', '--min-tasks', '1']);
    demo.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 2, MaxCapacity: 10 });
    demo.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 10_800,
        PredefinedMetricSpecification: { PredefinedMetricType: 'ALBRequestCountPerTarget' },
      },
    });
  });

  it('admits only the load balancer to its tasks', () => {
    demo.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [
        { IpProtocol: 'tcp', FromPort: 8080, ToPort: 8080, SourceSecurityGroupId: { 'Fn::GetAtt': Match.anyValue() } },
      ],
    });
  });

  it('is the fleet’s target unless another is configured', () => {
    // References to the other stack are unresolved here, so the schema would reject them.
    const info = JSON.parse(outputOf(templates.fleet, 'Info')) as StackInfo;
    expect(info.target).toMatchObject({
      services: [{ cluster: 'K6FleetDemoTarget', service: 'demo' }],
      loadBalancer: expect.stringContaining('LoadBalancerFullName'),
      targetGroup: expect.stringContaining('DemoGroup'),
    });
    const target = { services: [{ cluster: 'prod', service: 'api' }] };
    expect(infoOf(synth({ demoTarget: true, target }).fleet).target?.services).toEqual(target.services);
  });

  it('refers to no other stack', () => {
    expect(JSON.stringify(demo.toJSON())).not.toMatch(/Fn::(ImportValue|GetStackOutput)/);
  });

  it('loses its scaling policy on the emulator, and nothing else', () => {
    const types = (template: Template) =>
      Object.values(template.toJSON().Resources as Record<string, { Type: string }>)
        .map(({ Type }) => Type)
        .sort();
    const emulated = synth({ demoTarget: true, emulated: true }).demo as Template;
    expect(types(demo).filter((type) => !type.startsWith('AWS::ApplicationAutoScaling::'))).toEqual(types(emulated));
  });
});
