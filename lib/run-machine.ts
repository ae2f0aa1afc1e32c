import { Duration, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { acknowledgeWildcard, attribute } from './permissions.ts';
import { logGroup } from './storage.ts';

export interface RunMachineProps {
  stackName: string;
  coordinator: lambda.Function;
  logDays: number;
}

/** Longer than the coordinator's 900 s, so that Lambda ends a leg first and a retry never overlaps with it. */
const LEG_TIMEOUT = Duration.seconds(960);

/**
 * Lambda is unavailable: https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html.
 * 1 + 2 + 4 + 8 + 16 × 10 s: three minutes. Workers stop when the lease of 60 s expires; a later leg still collects what
 * they measured.
 */
const SERVICE_RETRY: sfn.RetryProps = {
  errors: [
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ],
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxDelay: Duration.seconds(10),
  maxAttempts: 20,
};

/** The leg died: out of time or memory. The next one resumes from the checkpoint. */
const CRASH_RETRY: sfn.RetryProps = {
  errors: ['States.Timeout', 'Sandbox.Timedout', 'Lambda.Unknown', 'Runtime.ExitError'],
  interval: Duration.seconds(1),
  backoffRate: 1,
  maxAttempts: 3,
};

/**
 * Another coordinator won a write of control.json. It may be the previous leg, which seemed to have crashed but was
 * still running; no leg follows it, so this one tries again. After 3 retries in 1 + 2 + 4 s it is another execution
 * that coordinates the run, and this one ends.
 */
const SUPERSEDED = 'SupersededError';
const SUPERSEDED_RETRY: sfn.RetryProps = {
  errors: [SUPERSEDED],
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxAttempts: 3,
};

/** The run has no plan, and a retry finds none either. */
const NO_RETRY: sfn.RetryProps = { errors: ['PlanMissingError'], maxAttempts: 0 };

/**
 * Any other error: a throttled API or a bug. 1 + 2 + 4 + 8 + 16 = 31 s and five starts of some 2 s each fit into the 50 s
 * that remain of a lease of 60 s that is renewed every 10 s, so the load continues meanwhile.
 */
const ERROR_RETRY: sfn.RetryProps = {
  errors: [sfn.Errors.ALL],
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxAttempts: 5,
};

/**
 * Loops over legs until one reports that the run is done. A leg adds some 10 events to an execution's history, which
 * holds 25,000, so legs of 13 minutes suffice for three weeks. The execution is named after the run. It succeeds if the
 * run ended, whatever the verdict, which is in its output.
 */
export class RunMachine extends Construct {
  readonly machine: sfn.StateMachine;

  constructor(scope: Construct, id: string, { stackName, coordinator, logDays }: RunMachineProps) {
    super(scope, id);
    const leg = new tasks.LambdaInvoke(this, 'Leg', {
      comment: 'Coordinates the run for one leg',
      lambdaFunction: coordinator,
      // Only the run's id passes from leg to leg, whatever a leg returns.
      payload: sfn.TaskInput.fromObject({ run: sfn.JsonPath.stringAt('$.run') }),
      payloadResponseOnly: true,
      taskTimeout: sfn.Timeout.duration(LEG_TIMEOUT),
      retryOnServiceExceptions: false,
    });
    for (const retry of [SERVICE_RETRY, CRASH_RETRY, SUPERSEDED_RETRY, NO_RETRY, ERROR_RETRY]) leg.addRetry(retry);
    leg.addCatch(new sfn.Succeed(this, 'Superseded', { comment: 'Another execution coordinates this run' }), {
      errors: [SUPERSEDED],
    });
    const done = new sfn.Choice(this, 'Done?')
      .when(sfn.Condition.booleanEquals('$.done', true), new sfn.Succeed(this, 'Done'))
      .otherwise(leg);

    const role = new iam.Role(this, 'Role', {
      description: 'k6-fleet: permissions of the state machine',
      assumedBy: new iam.ServicePrincipal('states.amazonaws.com'),
    });
    this.machine = new sfn.StateMachine(this, 'Machine', {
      comment: 'k6-fleet: one execution per run',
      definitionBody: sfn.DefinitionBody.fromChainable(leg.next(done)),
      role,
      logs: {
        // Log groups with this prefix add nothing to the resource policy of CloudWatch Logs, which is limited to 5,120
        // characters:
        // https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
        destination: logGroup(this, 'Logs', logDays, `/aws/vendedlogs/states/${stackName}`),
        level: sfn.LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    this.acknowledge(role, coordinator);
  }

  private acknowledge(role: iam.Role, coordinator: lambda.Function): void {
    const handler = coordinator.node.defaultChild as lambda.CfnFunction;
    acknowledgeWildcard(role, `${attribute(handler, 'Arn')}:*`, 'CDK allows every version of this one function');
    acknowledgeWildcard(
      role,
      '*',
      'the log delivery actions, which logging requires, have no resource-level permissions',
    );
    Validations.of(this.machine).acknowledge({
      id: 'AwsSolutions-SF2',
      reason:
        'one Lambda in a loop: a trace would add nothing to the execution history, and needs permissions on all of X-Ray',
    });
  }
}
