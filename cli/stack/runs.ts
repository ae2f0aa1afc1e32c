import type { StackInfo } from '../../core/contract/stack.ts';
import { S3Store } from '../../stores/s3.ts';
import { Runs } from '../runs.ts';
import { loadStack } from './stack-info.ts';

/** The runs in a stack's bucket. @throws UserError where there is no such stack. */
export const runsOfStack = async (name: string): Promise<Runs> => runsIn(await loadStack(name));

export const runsIn = (info: StackInfo): Runs => new Runs(new S3Store(info.bucket), `s3://${info.bucket}`, info);
