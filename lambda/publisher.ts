import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Result } from '../core/contract/result.ts';
import type { RunFiles } from '../core/contract/run-files.ts';
import type { FleetInfo } from '../core/contract/stack.ts';
import type { Log } from './log.ts';
import { notificationOf } from './notification.ts';

/** Publishes the verdict of a run. */
export interface Publisher {
  /** At least once per run: twice only if a Lambda crashes between publishing and marking the run as published. */
  publish(files: RunFiles, result: Result): Promise<void>;
}

/** Publishes to the stack's SNS topic. A failure is logged; it changes nothing about the run. */
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
