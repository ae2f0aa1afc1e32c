/** A run's execution of the stack's state machine. It has the run's id as its name. */
import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  type ExecutionStatus,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { FleetExit } from '../../core/contract/exit-codes.ts';
import type { LegInput, StackInfo } from '../../core/contract/stack.ts';
import { UserError } from '../../core/errors.ts';
import { awsProblem } from './aws-errors.ts';

/** @throws UserError where it cannot be started */
export async function startExecution(stack: StackInfo, run: string): Promise<void> {
  const input = JSON.stringify({ run } satisfies LegInput);
  const command = new StartExecutionCommand({ stateMachineArn: stack.stateMachine, name: run, input });
  await told(`run ${run} cannot be started`, () => clientOf(stack).send(command));
}

/** How a run's execution stands; null: there is none. @throws UserError where that cannot be asked */
export function executionStatus(stack: StackInfo, run: string): Promise<ExecutionStatus | null> {
  const command = new DescribeExecutionCommand({ executionArn: arnOf(stack, run) });
  return told(`the execution of run ${run} cannot be looked at`, async () => {
    try {
      return (await clientOf(stack).send(command)).status ?? null;
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return null;
      throw error;
    }
  });
}

/** Ends a run's execution. The stack's stopper then ends its tasks and writes a result. @throws UserError */
export async function abortExecution(stack: StackInfo, run: string): Promise<void> {
  const command = new StopExecutionCommand({
    executionArn: arnOf(stack, run),
    cause: 'ended by k6-fleet stop --now',
  });
  await told(`run ${run} cannot be ended`, () => clientOf(stack).send(command));
}

/** How the execution stands, as part of a line for the user. */
export async function executionText(stack: StackInfo, run: string): Promise<string> {
  const status = await executionStatus(stack, run);
  return status === null ? 'it has no execution in Step Functions' : `its execution in Step Functions is ${status}`;
}

const clientOf = ({ region }: StackInfo) => new SFNClient({ region });

const arnOf = ({ stateMachine }: StackInfo, run: string): string =>
  `${stateMachine.replace(':stateMachine:', ':execution:')}:${run}`;

async function told<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw new UserError(`${what}: ${awsProblem(error)}`, FleetExit.internal);
  }
}
