/** What went wrong inside the script, as text: exceptions, failed requests, warnings. */
import type { Progress } from '../../core/contract/progress.ts';
import type { ErrorMessage, FailedRequests, Result } from '../../core/contract/result.ts';
import { OTHER_STATUS } from '../../core/contract/window.ts';
import { formatClock, formatCount, formatPlural } from './format.ts';
import { bulletLines, type Colours, fieldLines, printable, truncate } from './line.ts';

/** More than these are only counted. */
const MAX_MESSAGES = 5;
const MAX_FAILURES = 6;
/** Lines that a message may take. */
const MAX_LINES = 2;

/** What is in the tasks' logs so far, such as `1,204 exceptions`, `33 request errors`; empty: nothing. */
export function errorCounts({ exceptions, requests, errors, warnings }: Progress['errors']): string[] {
  const counts: [number, string][] = [
    [exceptions, 'exception'],
    [requests, 'request error'],
    [errors, exceptions + requests > 0 ? 'other error' : 'error'],
    [warnings, 'warning'],
  ];
  return counts.filter(([count]) => count > 0).map(([count, noun]) => formatPlural(count, noun));
}

/** The most frequent messages, each with its tasks, its first moment, and its place or an example. */
export function errorLines(result: Result, width: number, paint: Colours): string[] {
  const { errors, run } = result;
  if (errors.length === 0) return [];
  // What the script itself writes comes after what k6 says about it.
  const own = ({ source }: ErrorMessage) => (source === 'console' ? 1 : 0);
  const shown = [...errors].sort((a, b) => own(a) - own(b) || b.count - a.count).slice(0, MAX_MESSAGES);
  const startAt = Date.parse(run.startedAt ?? run.createdAt);
  const lines = shown.flatMap((error) => {
    const [mark, style] = error.level === 'error' ? ['✗', paint.red] : ['!', paint.yellow];
    const room = MAX_LINES * (width - 4) - 4;
    const about = `in ${formatCount(error.taskCount)} of ${formatPlural(run.tasks, 'task')}, first at ${formatClock(error.firstAt - startAt)}`;
    return [
      ...bulletLines(mark, truncate(`${formatCount(error.count)} × ${printable(error.message)}`, room), width, style),
      ...bulletLines(' ', truncate(`${about}${whereOf(error)}`, room), width, paint.dim),
    ];
  });
  const more = errors.length - shown.length;
  return [
    paint.bold('Errors'),
    ...lines,
    ...(more > 0
      ? bulletLines('·', `and ${formatPlural(more, 'more message')}, in result.json`, width, paint.dim)
      : []),
  ];
}

function whereOf({ place, example, message }: ErrorMessage): string {
  if (place !== undefined) return `, at ${printable(place)}`;
  return example === null || example === message ? '' : `, such as: ${printable(example)}`;
}

/** Such as `503: 1,204 · error 1212 (connection refused): 33`. */
export function failedRequestLines({ failedRequests }: Result, width: number, paint: Colours): string[] {
  if (failedRequests.length === 0) return [];
  const shown = failedRequests.slice(0, MAX_FAILURES).map((row) => `${failureText(row)}: ${formatCount(row.count)}`);
  const rest = failedRequests.slice(MAX_FAILURES).reduce((sum, { count }) => sum + count, 0);
  const text = [...shown, ...(rest > 0 ? [`others: ${formatCount(rest)}`] : [])].join(' · ');
  return fieldLines('failed', text, width, paint, paint.red);
}

function failureText({ status, errorCode }: FailedRequests): string {
  if (status === OTHER_STATUS) return 'others';
  // k6's code of a response with status 4xx or 5xx is 1000 more, so it says nothing new.
  const isImplied = errorCode === '' || errorCode === String(1000 + Number(status));
  if (status !== '' && status !== '0') return isImplied ? status : `${status}, ${codeText(errorCode)}`;
  if (errorCode !== '') return codeText(errorCode);
  return status === '' ? 'without the tags status and error_code' : 'status 0, without the tag error_code';
}

function codeText(code: string): string {
  const meaning = ERROR_CODES[code];
  return meaning === undefined ? `error ${code}` : `error ${code} (${meaning})`;
}

/** From https://grafana.com/docs/k6/latest/javascript-api/error-codes/ */
const ERROR_CODES: Readonly<Record<string, string>> = {
  1000: 'other',
  1010: 'network',
  1020: 'invalid URL',
  1050: 'timeout',
  1100: 'DNS',
  1101: 'no such host',
  1110: 'blacklisted IP',
  1111: 'blocked hostname',
  1200: 'TCP',
  1201: 'broken pipe',
  1202: 'TCP',
  1210: 'connecting failed',
  1211: 'connecting timed out',
  1212: 'connection refused',
  1213: 'connecting failed',
  1220: 'connection reset',
  1300: 'TLS',
  1301: 'TLS header',
  1310: 'unknown certificate authority',
  1311: 'certificate of another host',
  1600: 'HTTP/2',
  1610: 'HTTP/2 GoAway',
  1630: 'HTTP/2 stream',
  1650: 'HTTP/2 connection',
  1701: 'decompression',
};
