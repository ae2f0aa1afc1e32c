import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Result } from '../core/contract/result.ts';
import type { RunFiles } from '../core/contract/run-files.ts';
import type { FleetInfo } from '../core/contract/stack.ts';
import type { Log } from './log.ts';
import { notificationOf } from './notification.ts';

/** Tells the world how a run ended. */
export interface Publisher {
  /** At least once for each run: a second time only where a Lambda dies between the notice and its mark. */
  publish(files: RunFiles, result: Result): Promise<void>;
}

/** By the stack's topic. A topic that refuses does not change how the run ended: it is logged. */
export class TopicPublisher implements Publisher {
  constructor(
    private readonly client: SNSClient,
    private readonly info: FleetInfo,
    private readonly log: Log,
  ) {}

  async publish(files: RunFiles, result: Result): Promise<void> {
    if (await files.isPublished()) return;
    const { subject, message } = notificationOf(result, this.info);
    try {
      await this.client.send(new PublishCommand({ TopicArn: this.info.topic, Subject: subject, Message: message }));
    } catch (error) {
      this.log({
        level: 'error',
        run: files.id,
        message: `the verdict was not published: ${(error as Error).message}`,
      });
      return;
    }
    await files.markPublished(new Date());
  }
}
