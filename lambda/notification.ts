import { dashboardUrl } from '../core/contract/cloudwatch.ts';
import { runKeys } from '../core/contract/keys.ts';
import type { Result } from '../core/contract/result.ts';
import type { FleetInfo } from '../core/contract/stack.ts';
import { formatDuration } from '../core/duration.ts';

/** The verdict, as subscribers of the stack's topic read it. */
export interface Notification {
  /** At most 99 characters of ASCII. */
  subject: string;
  message: string;
}

/**
 * A subject has less than 100 characters, of ASCII, without control characters.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
const MAX_SUBJECT = 99;
/** SNS takes 256 KB at most; a reason can name a thousand lost tasks. */
const MAX_REASONS = 20;
const MAX_REASON = 500;
/** Of the messages of the script's errors. */
const MAX_ERRORS = 3;
const MAX_FAILURES = 5;

export function notificationOf(result: Result, info: Pick<FleetInfo, 'bucket' | 'region' | 'dashboard'>): Notification {
  const { run, verdict, stop, warnings, generator } = result;
  const lines = [
    `${run.name}: ${verdict.passed ? 'PASSED' : 'FAILED'}, exit code ${verdict.exitCode}${remarks(result)}`,
    ...shown(verdict.reasons).map((reason) => `- ${reason}`),
    '',
    ...figures(result),
    ...scriptErrors(result),
    ...(generator.saturated ? [`Load generator saturated: ${shown(generator.reasons).join('; ')}`] : []),
    ...(stop === null || verdict.reasons.includes(stop.message) ? [] : [`Stopped: ${short(stop.message)}`]),
    ...(warnings.length === 0 ? [] : [`Warnings: ${warnings.length}, see the result`]),
    '',
    `Result: s3://${info.bucket}/${runKeys(run.id).result}`,
    ...dashboard(result, info),
  ];
  return { subject: subjectOf(result), message: `${lines.join('\n')}\n` };
}

/** `k6-fleet PASSED spike (20261123-043000-spike-7f3a)`; a long name is cut off. */
function subjectOf({ run, verdict }: Result): string {
  const head = `k6-fleet ${verdict.passed ? 'PASSED' : 'FAILED'} `;
  const tail = ` (${run.id})`;
  const name = run.name.replace(/[^\x20-\x7e]/g, '?').slice(0, Math.max(0, MAX_SUBJECT - head.length - tail.length));
  return `${head}${name}${tail}`.slice(0, MAX_SUBJECT);
}

function figures({ run, metrics, tasks, target, alarms }: Result): string[] {
  const values = (metric: string) => metrics[metric]?.values ?? {};
  const duration = values('http_req_duration');
  const requests = values('http_reqs').count ?? 0;
  const lost = tasks.filter((task) => task.lost !== null).length;
  const lines = [
    `Duration: ${formatDuration(Math.round(run.testRunDurationMs / 1000) * 1000)}, from ${run.startedAt ?? 'never started'} to ${run.endedAt}`,
    `Tasks: ${run.tasks}, ${lost} lost`,
    `Requests: ${Math.round(requests)}, ${percent(values('http_req_failed').rate)} failed`,
  ];
  if (duration.count)
    lines.push(`Response time: median ${ms(duration.med)}, p95 ${ms(duration['p(95)'])}, p99 ${ms(duration['p(99)'])}`);
  if (target !== null && target.peakTasks !== null) {
    const lag = target.timings.toRunningMs;
    const when =
      lag === null
        ? 'no scale-out seen'
        : `scaled out ${formatDuration(Math.round(lag / 1000) * 1000)} after the load increased`;
    lines.push(`Target: ${target.peakTasks} tasks at its peak, ${when}`);
  }
  const fired = [...new Set(alarms.filter(({ state }) => state === 'ALARM').map(({ name }) => name))];
  if (fired.length > 0) lines.push(`Alarms: ${shown(fired).join(', ')}`);
  return lines;
}

const remarks = ({ verdict, notes }: Result): string =>
  notes.length === 0 ? '' : `, ${verdict.passed ? 'but ' : ''}${notes.join(', and ')}`;

function scriptErrors({ errors, failedRequests }: Result): string[] {
  const failed = failedRequests.slice(0, MAX_FAILURES).map(({ status, errorCode, count }) => {
    const code = errorCode === '' ? '' : `, error_code ${errorCode}`;
    return `${count} with status ${status || '-'}${code}`;
  });
  return [
    ...(failed.length === 0 ? [] : [`Failed requests: ${failed.join('; ')}`]),
    ...errors.slice(0, MAX_ERRORS).map(({ level, count, message }) => short(`Log: ${count} x ${level}: ${message}`)),
  ];
}

function dashboard({ run }: Result, { region, dashboard: name }: Pick<FleetInfo, 'region' | 'dashboard'>): string[] {
  if (!name) return [];
  return [`Dashboard: ${dashboardUrl(region, name, run)}`];
}

function shown(texts: readonly string[]): string[] {
  const rest = texts.length - MAX_REASONS;
  return [...texts.slice(0, MAX_REASONS).map(short), ...(rest > 0 ? [`and ${rest} more`] : [])];
}

const short = (text: string): string => (text.length > MAX_REASON ? `${text.slice(0, MAX_REASON - 1)}…` : text);

const ms = (value: number | null | undefined): string => (value == null ? '-' : `${Math.round(value)} ms`);

const percent = (rate: number | null | undefined): string => `${Number(((rate ?? 0) * 100).toPrecision(3))} %`;
