/** A run's execution of the stack's state machine, which is named by the run's id. */
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
import { awsProblem } from './findings.ts';

/** How often the status of an execution is read while its run has no result, ms. */
const STATUS_INTERVAL_MS = 10_000;
/** How long the stopper may take to write the result after an execution that failed, ms. */
const STOPPER_MS = 300_000;

/** @throws UserError */
export async function startExecution(stack: StackInfo, run: string): Promise<void> {
  const input = JSON.stringify({ run } satisfies LegInput);
  const command = new StartExecutionCommand({ stateMachineArn: stack.stateMachine, name: run, input });
  await withErrorContext(`run ${run} cannot be started`, () => clientOf(stack).send(command));
}

/** The status of a run's execution; null: it has none. @throws UserError if it cannot be read */
export function executionStatus(stack: StackInfo, run: string): Promise<ExecutionStatus | null> {
  const command = new DescribeExecutionCommand({ executionArn: arnOf(stack, run) });
  return withErrorContext(`the execution of run ${run} cannot be read`, async () => {
    try {
      return (await clientOf(stack).send(command)).status ?? null;
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return null;
      throw error;
    }
  });
}

/** Aborts a run's execution. The stack's stopper then stops its tasks and writes a result. @throws UserError */
export async function abortExecution(stack: StackInfo, run: string): Promise<void> {
  const command = new StopExecutionCommand({
    executionArn: arnOf(stack, run),
    cause: 'aborted by k6-fleet stop --now',
  });
  await withErrorContext(`run ${run} cannot be stopped`, () => clientOf(stack).send(command));
}

/** The status of the execution, as part of a line for the user. */
export async function executionText(stack: StackInfo, run: string): Promise<string> {
  const status = await executionStatus(stack, run);
  return status === null ? 'it has no execution in Step Functions' : `its execution in Step Functions is ${status}`;
}

const clientOf = ({ region }: StackInfo) => new SFNClient({ region });

const arnOf = ({ stateMachine }: StackInfo, run: string): string =>
  `${stateMachine.replace(':stateMachine:', ':execution:')}:${run}`;

async function withErrorContext<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw new UserError(`${what}: ${awsProblem(error)}`, FleetExit.internal);
  }
}

/** Detects an execution that has ended without a result. */
export class ExecutionPoller {
  private readAt = Date.now();
  private endedAt: number | null = null;

  constructor(
    private readonly stack: StackInfo,
    private readonly run: string,
  ) {}

  /** May be called at any rate. @throws UserError if the execution has ended, and no result can be expected any more */
  async assertActive(): Promise<void> {
    if (Date.now() - this.readAt < STATUS_INTERVAL_MS) return;
    this.readAt = Date.now();
    const status = await executionStatus(this.stack, this.run);
    if (status === 'RUNNING') return;
    this.endedAt ??= Date.now();
    if (Date.now() - this.endedAt < STOPPER_MS) return;
    throw new UserError(
      `run ${this.run} ended without a result: its execution in Step Functions is ${status ?? 'gone'}; see the log of the stack's stopper`,
      FleetExit.internal,
    );
  }
}
