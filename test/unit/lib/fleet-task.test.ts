import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { WorkerEnv } from '../../../core/contract/env.ts';
import { makeStacks } from '../../../lib/fleet-stack.ts';
import { infoOf, newApp, only, resolved, synth } from './synth.ts';

const { fleet } = synth();

describe('the task definition', () => {
  const definition = only(fleet, 'AWS::ECS::TaskDefinition');
  const [container] = definition.ContainerDefinitions as Record<string, unknown>[];

  it('is Fargate on arm64 of the default size', () => {
    expect(definition).toMatchObject({
      Cpu: '1024',
      Memory: '2048',
      NetworkMode: 'awsvpc',
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
  });

  it('has a read-only root and one writable volume', () => {
    expect(container).toMatchObject({
      ReadonlyRootFilesystem: true,
      MountPoints: [{ ContainerPath: '/work', ReadOnly: false, SourceVolume: 'work' }],
    });
    expect(definition.Volumes).toEqual([{ Name: 'work' }]);
    // Not set: the image's user, which is not root.
    expect(container?.User).toBeUndefined();
  });

  it('has the limits that load needs', () => {
    expect(container).toMatchObject({
      Ulimits: [{ Name: 'nofile', SoftLimit: 65_535, HardLimit: 65_535 }],
      SystemControls: [{ Namespace: 'net.ipv4.ip_local_port_range', Value: '1024 65535' }],
      StopTimeout: 120,
      LinuxParameters: { InitProcessEnabled: true },
    });
  });

  it('tells the worker that it is isolated and how many processors it has', () => {
    expect(container?.Environment).toEqual([
      { Name: WorkerEnv.isolated, Value: 'true' },
      { Name: WorkerEnv.cpus, Value: '1' },
    ]);
    const half = synth({ cpu: 512 }).fleet;
    half.hasResourceProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [{ Environment: Match.arrayWith([{ Name: WorkerEnv.cpus, Value: '0.5' }]) }],
    });
  });

  it('never blocks on its log', () => {
    expect(container?.LogConfiguration).toMatchObject({ LogDriver: 'awslogs', Options: { mode: 'non-blocking' } });
  });

  it('can be x86, larger, and on Spot', () => {
    const template = synth({ resultDays: 365, spot: true, cpu: 4096, memory: 8192, architecture: 'x86_64' }).fleet;
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Cpu: '4096',
      Memory: '8192',
      RuntimePlatform: { CpuArchitecture: 'X86_64' },
    });
    expect(infoOf(template)).toMatchObject({ capacity: 'FARGATE_SPOT', architecture: 'x86_64', cpu: 4096 });
    template.hasResourceProperties('AWS::ECS::Cluster', { CapacityProviders: ['FARGATE', 'FARGATE_SPOT'] });
  });

  it('may be pulled from ECR if the image is there', () => {
    const image = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/fleet/task:1.2.3';
    const { fleet: stack } = makeStacks(newApp({ image }));
    const template = Template.fromStack(stack);
    const [{ Image }] = only(template, 'AWS::ECS::TaskDefinition').ContainerDefinitions as [{ Image: unknown }];
    expect(resolved(Image)).toBe(image);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['ecr:BatchGetImage']) })]),
      },
    });
  });
});
