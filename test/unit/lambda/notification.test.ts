import type { SNSClient } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import type { Result } from '../../../core/contract/result.ts';
import { RunFiles } from '../../../core/contract/run-files.ts';
import type { FleetInfo } from '../../../core/contract/stack.ts';
import type { Log } from '../../../lambda/log.ts';
import { notificationOf } from '../../../lambda/notification.ts';
import { TopicPublisher } from '../../../lambda/publisher.ts';
import { MemoryStore } from '../../support/sim/store.ts';
import { sampleResult } from '../cli/render/samples.ts';

const info = { bucket: 'runs-of-fleet', region: 'eu-west-1', dashboard: 'Fleet' };
const metric = (values: Record<string, number>) => ({
  type: 'trend' as const,
  contains: 'time' as const,
  thresholds: [],
  values,
});
const result: Result = {
  ...sampleResult,
  metrics: {
    http_reqs: metric({ count: 812_345 }),
    http_req_failed: metric({ rate: 0.118 }),
    http_req_duration: metric({ count: 812_345, med: 23.4, 'p(95)': 120.2, 'p(99)': 1450 }),
  },
  alarms: [{ name: 'Fleet-tasks-lost', at: 1, state: 'ALARM', reason: 'lost', effect: 'report' }],
};

describe('notificationOf', () => {
  it('holds the verdict, its reasons, the key figures and links', () => {
    const { subject, message } = notificationOf(result, info);
    expect(subject).toBe('k6-fleet FAILED spike (20261123-043000-spike-7f3a)');
    for (const part of [
      'FAILED, exit code 121',
      '- 1 task was lost, --max-lost allows 0',
      'Requests: 812345, 11.8 % failed',
      'Response time: median 23 ms, p95 120 ms, p99 1450 ms',
      'Tasks: 4, 1 lost',
      'Target: 6 tasks at its peak, scaled out 1m30s after the load increased',
      'Alarms: Fleet-tasks-lost',
      'Load generator saturated: task 2 used 97% of its CPU for 40s',
      'Result: s3://runs-of-fleet/runs/20261123-043000-spike-7f3a/result.json',
      'Dashboard: https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/Fleet',
    ]) {
      expect(message).toContain(part);
    }
  });

  it('fits what SNS takes, whatever names and reasons there are', () => {
    const reasons = Array.from({ length: 500 }, (_, i) => `reason ${i} ${'é'.repeat(5000)}`);
    const run = { ...result.run, name: `Früh\n${'x'.repeat(300)}` };
    const { subject, message } = notificationOf({ ...result, run, verdict: { ...result.verdict, reasons } }, info);
    expect(subject).toMatch(/^[\x20-\x7e]{1,100}$/);
    expect(subject).toContain(result.run.id);
    expect(Buffer.byteLength(message)).toBeLessThan(256 * 1024);
    expect(message).toContain('and 480 more');
  });

  it('has no link where there is no dashboard', () => {
    expect(notificationOf(result, { ...info, dashboard: null }).message).not.toContain('Dashboard');
  });
});

describe('TopicPublisher', () => {
  /** A topic that takes what it is sent, or refuses. */
  function topic(error?: Error) {
    const sent: { Subject?: string; TopicArn?: string }[] = [];
    const lines: Parameters<Log>[0][] = [];
    const send = async ({ input }: { input: object }) => {
      if (error !== undefined) throw error;
      sent.push(input);
    };
    const client = { send } as unknown as SNSClient;
    const publisher = new TopicPublisher(client, { ...info, topic: 'arn:topic' } as FleetInfo, (line) =>
      lines.push(line),
    );
    return { sent, lines, publisher };
  }

  it('publishes a verdict once', async () => {
    const { sent, publisher } = topic();
    const files = new RunFiles(new MemoryStore(), result.run.id);
    await publisher.publish(files, result);
    await publisher.publish(files, result);
    expect(sent).toMatchObject([{ TopicArn: 'arn:topic', Subject: notificationOf(result, info).subject }]);
  });

  it('logs that a topic refuses: the run ends as it ended, and the next Lambda tries again', async () => {
    const { lines, publisher } = topic(new Error('not authorized'));
    const files = new RunFiles(new MemoryStore(), result.run.id);
    await publisher.publish(files, result);
    expect(lines).toMatchObject([{ level: 'error', message: 'the verdict was not published: not authorized' }]);
    expect(await files.isPublished()).toBe(false);
  });
});
