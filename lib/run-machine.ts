import { Duration, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { logGroup } from './logs.ts';
import { acknowledgeWildcard, attribute } from './permission.ts';

export interface RunMachineProps {
  stackName: string;
  coordinator: lambda.Function;
  logDays: number;
}

/** More than the coordinator's 900 s: the Lambda's own end comes first, so a retry does not run beside it. */
const LEG_TIMEOUT = Duration.seconds(960);

/**
 * Lambda itself is not there: https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html.
 * 1 + 2 + 4 + 8 + 16 × 10 s: three minutes. Past the lease of 60 s the workers stop by themselves; the leg that comes
 * then still gathers what they measured.
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

/** The leg ended without a word: out of time or of memory. The next one goes on from the checkpoint. */
const CRASH_RETRY: sfn.RetryProps = {
  errors: ['States.Timeout', 'Sandbox.Timedout', 'Lambda.Unknown', 'Runtime.ExitError'],
  interval: Duration.seconds(1),
  backoffRate: 1,
  maxAttempts: 3,
};

/**
 * A leg that crashed for us may live on, and win one write of control.json against its successor: SupersededError. It
 * has nobody to go on after it, so the successor tries again. One that loses 3 times, in 1 + 2 + 4 s, has a rival who
 * conducts the run from elsewhere, and leaves it to that one.
 */
const SUPERSEDED = 'SupersededError';
const SUPERSEDED_RETRY: sfn.RetryProps = {
  errors: [SUPERSEDED],
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxAttempts: 3,
};

/** A run that nobody has planned: trying again mends nothing. */
const HOPELESS: sfn.RetryProps = { errors: ['PlanMissingError'], maxAttempts: 0 };

/**
 * Any other error: a throttled API or a bug. 1 + 2 + 4 + 8 + 16 = 31 s with five starts of some 2 s are within the 50 s
 * that are left of a lease of 60 s which is renewed every 10 s, so that the load goes on meanwhile.
 */
const ERROR_RETRY: sfn.RetryProps = {
  errors: [sfn.Errors.ALL],
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxAttempts: 5,
};

/**
 * Loops over legs until one says that the run is done. A leg is some 10 events of the 25,000 that an execution's
 * history may have, so legs of 13 minutes last for three weeks. The execution has the run's id as its name; it succeeds
 * where the run came to its end, whatever the verdict, which is in its output.
 */
export class RunMachine extends Construct {
  readonly machine: sfn.StateMachine;

  constructor(scope: Construct, id: string, { stackName, coordinator, logDays }: RunMachineProps) {
    super(scope, id);
    const leg = new tasks.LambdaInvoke(this, 'Leg', {
      comment: 'Conducts the run for one leg',
      lambdaFunction: coordinator,
      // The loop carries the run's id and nothing else, whatever a leg returns.
      payload: sfn.TaskInput.fromObject({ run: sfn.JsonPath.stringAt('$.run') }),
      payloadResponseOnly: true,
      taskTimeout: sfn.Timeout.duration(LEG_TIMEOUT),
      retryOnServiceExceptions: false,
    });
    for (const retry of [SERVICE_RETRY, CRASH_RETRY, SUPERSEDED_RETRY, HOPELESS, ERROR_RETRY]) leg.addRetry(retry);
    leg.addCatch(new sfn.Succeed(this, 'Superseded', { comment: 'Another coordinator conducts this run' }), {
      errors: [SUPERSEDED],
    });
    const done = new sfn.Choice(this, 'Done?')
      .when(sfn.Condition.booleanEquals('$.done', true), new sfn.Succeed(this, 'Done'))
      .otherwise(leg);

    const role = new iam.Role(this, 'Role', {
      description: 'k6-fleet: what the state machine may do',
      assumedBy: new iam.ServicePrincipal('states.amazonaws.com'),
    });
    this.machine = new sfn.StateMachine(this, 'Machine', {
      comment: 'k6-fleet: one execution is one run',
      definitionBody: sfn.DefinitionBody.fromChainable(leg.next(done)),
      role,
      logs: {
        // Groups under this prefix spare CloudWatch's resource policy, which has a limit of 5,120 characters:
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
    acknowledgeWildcard(role, `${attribute(handler, 'Arn')}:*`, 'CDK allows each version of that one function');
    acknowledgeWildcard(role, '*', 'the actions on log deliveries, which logging needs, have no resource level');
    Validations.of(this.machine).acknowledge({
      id: 'AwsSolutions-SF2',
      reason: 'one Lambda in a loop: a trace would tell what the history tells, for permissions on all of X-Ray',
    });
  }
}
