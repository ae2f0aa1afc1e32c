/** The live progress of a run as lines of text. */
import type { Phase } from '../../core/contract/control.ts';
import type { Progress, ThresholdState } from '../../core/contract/progress.ts';
import { errorCounts } from './errors-text.ts';
import {
  formatClock,
  formatCount,
  formatLatency,
  formatPlural,
  formatRate,
  formatShare,
  progressBar,
  sparkline,
} from './format.ts';
import { type Colours, LABEL_WIDTH, type Line, lineWidth, padEnd, paintLine, palette, printable } from './line.ts';
import { type ScenarioList, scenarioLines, scenarioPart, scenarioPosition } from './scenario-lines.ts';

/** A run at one moment: its merged metrics and its tasks. */
export interface LiveView extends ScenarioList {
  phase: Phase;
  /** Since the start of the load, ms; 0 before. */
  elapsedMs: number;
  /** Planned duration of the load, without graceful stops, ms. */
  durationMs: number;
  /** `durationMs` is only a maximum: iterations may end the load earlier. */
  isDurationMaximum: boolean;
  /** The share of the load that is done, 0 to 1. */
  progress: number;
  /** `planned` is the size of the fleet; the other counts are tasks in that state now. */
  tasks: { planned: number; ready: number; running: number; done: number; lost: number };
  vus: number;
  vusMax: number;
  requestsPerSecond: number;
  /** Requests so far. */
  requests: number;
  /** Failed requests over requests in the last seconds, 0 to 1; null without requests. */
  errorRate: number | null;
  /** http_req_duration over the last seconds, ms; null without requests. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
  iterations: number;
  checksFailed: number;
  /** What the tasks' logs hold so far. */
  errors: Progress['errors'];
  /** The thresholds, such as `http_req_duration p(95)<500`, as they stand. */
  thresholds: readonly { name: string; state: ThresholdState }[];
  target: { running: number; desired: number; pending: number } | null;
  /** Requests per second at equal steps, the oldest first. May be empty. */
  loadHistory: readonly (number | null)[];
  /** The target's running tasks at the same steps. May be empty. */
  targetHistory: readonly (number | null)[];
  /** The latest warning. */
  warning: string | null;
}

const GAP = 3;
/** The least width for two columns, each about as wide as a usual terminal. */
const TWO_COLUMNS_FROM = 120;

/** There is nothing to measure yet. */
const isBeforeLoad = (phase: Phase) => phase === 'launching' || phase === 'setup' || phase === 'arming';

/** How far the phase is, 0 to 1: tasks that are ready before the load, the scenarios during it; null: not known. */
function phaseProgress({ phase, progress, tasks }: LiveView): number | null {
  if (!isBeforeLoad(phase) && phase !== 'running') return null;
  const share = isBeforeLoad(phase) ? tasks.ready / tasks.planned : progress;
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
}

/**
 * Ready tasks before the load; then the time since the start, with the planned duration as long as that lies ahead, or with
 * the iterations of a single scenario that has a number of them.
 */
function position(view: LiveView): string {
  const { phase, elapsedMs, durationMs, isDurationMaximum, scenarios, moreScenarios, tasks } = view;
  if (isBeforeLoad(phase)) return `${formatCount(tasks.ready)}/${formatPlural(tasks.planned, 'task')} ready`;
  const elapsed = formatClock(elapsedMs);
  if (phase !== 'running' || elapsedMs > durationMs) return elapsed;
  const [scenario] = scenarios;
  if (scenario?.unit === 'iterations' && scenarios.length + moreScenarios === 1) {
    return `${elapsed}, ${scenarioPosition(scenario)}`;
  }
  return `${elapsed} / ${isDurationMaximum ? 'at most ' : ''}${formatClock(durationMs)}`;
}

function taskCounts({ tasks }: LiveView, paint: Colours): Line[] {
  const counts: Line[] = [[`${formatCount(tasks.running)}/${formatCount(tasks.planned)} running`]];
  if (tasks.done > 0) counts.push([`${formatCount(tasks.done)} done`]);
  if (tasks.lost > 0) counts.push([{ text: `${formatCount(tasks.lost)} lost`, paint: paint.red }]);
  return counts;
}

/** A label and its items on as many lines as they need. An item is split only if it does not fit on a line. */
function row(label: string, items: readonly Line[], width: number, paint: Colours): Line[] {
  const lines: Line[] = [];
  let line: Line = [{ text: padEnd(label, LABEL_WIDTH), paint: paint.dim }];
  let empty = true;
  for (const item of items) {
    if (!empty && lineWidth(line) + GAP + lineWidth(item) > width) {
      lines.push(line);
      line = [' '.repeat(LABEL_WIDTH)];
      empty = true;
    }
    line = empty ? [...line, ...item] : [...line, ' '.repeat(GAP), ...item];
    empty = false;
  }
  return [...lines, line];
}

function header(view: LiveView, width: number, paint: Colours): Line {
  const share = phaseProgress(view);
  const name = { text: padEnd(view.phase, LABEL_WIDTH), paint: (text: string) => paint.bold(paint.cyan(text)) };
  if (share === null) return [name, position(view)];
  const right = `  ${position(view)}  ${String(Math.floor(share * 100)).padStart(3)}%`;
  const barWidth = Math.min(60, width - LABEL_WIDTH - right.length);
  return barWidth < 5
    ? [name, right.trimStart()]
    : [name, { text: progressBar(share, barWidth), paint: paint.cyan }, right];
}

function loadRows(view: LiveView, width: number, paint: Colours): Line[] {
  const bold = (text: string) => ({ text, paint: paint.bold });
  const failed = {
    text: `${formatShare(view.errorRate)} failed`,
    paint: (view.errorRate ?? 0) > 0 ? paint.red : paint.green,
  };
  const iterations: Line[] = [[formatCount(view.iterations)]];
  if (view.checksFailed > 0)
    iterations.push([{ text: `${formatPlural(view.checksFailed, 'check')} failed`, paint: paint.red }]);
  const chart = history(view.loadHistory, width, paint);
  const latency = (name: string, ms: number | null): Line => [
    { text: `${name} `, paint: paint.dim },
    bold(formatLatency(ms)),
  ];
  return [
    ...row('VUs', [[bold(formatCount(view.vus)), ` of ${formatCount(view.vusMax)}`]], width, paint),
    ...row(
      'requests',
      [[bold(formatRate(view.requestsPerSecond))], [failed], [`${formatCount(view.requests)} in total`], ...chart],
      width,
      paint,
    ),
    ...row('latency', [latency('p50', view.p50), latency('p95', view.p95), latency('p99', view.p99)], width, paint),
    ...row('iterations', iterations, width, paint),
  ];
}

function fleetRows(view: LiveView, width: number, paint: Colours): Line[] {
  const rows = row('tasks', taskCounts(view, paint), width, paint);
  if (view.target) {
    const { running, desired, pending } = view.target;
    const settled = running === desired;
    const items: Line[] = [
      [{ text: `${formatCount(running)}/${formatCount(desired)} running`, paint: settled ? paint.bold : paint.yellow }],
    ];
    if (pending > 0) items.push([`${formatCount(pending)} pending`]);
    rows.push(...row('target', [...items, ...history(view.targetHistory, width, paint)], width, paint));
  }
  return rows;
}

/** The latest values of a series, as many as fit beside the numbers. */
function history(values: readonly (number | null)[], width: number, paint: Colours): Line[] {
  const columns = Math.min(30, Math.max(8, Math.floor((width - LABEL_WIDTH) / 3)));
  return values.length < 2 ? [] : [[{ text: sparkline(values.slice(-columns)), paint: paint.cyan }]];
}

const failingThresholds = ({ thresholds }: LiveView): string[] =>
  thresholds.filter(({ state }) => state === 'failing').map(({ name }) => printable(name));

/** How many thresholds pass, and how many are not decided yet; nothing before the load, when none is. */
function thresholdCounts({ thresholds, phase }: LiveView, paint: Colours): Line[] {
  if (isBeforeLoad(phase)) return [];
  const count = (wanted: ThresholdState) => thresholds.filter(({ state }) => state === wanted).length;
  const [passing, undecided] = [count('passing'), count('undecided')];
  const counts: Line[] = [];
  if (passing > 0) counts.push([{ text: `✓ ${formatCount(passing)} passing`, paint: paint.green }]);
  if (undecided > 0) counts.push([{ text: `… ${formatCount(undecided)} undecided`, paint: paint.dim }]);
  return counts;
}

function alertRows(view: LiveView, width: number, paint: Colours): Line[] {
  const rows: Line[] = [];
  const counts = errorCounts(view.errors).map((text): Line => [{ text, paint: paint.red }]);
  if (counts.length > 0) rows.push(...row('errors', counts, width, paint));
  const failing = failingThresholds(view).map((name): Line => [{ text: `✗ ${name}`, paint: paint.red }]);
  // A script may have dozens of thresholds, a terminal about twenty lines.
  const shown = failing.length > 4 ? [...failing.slice(0, 3), [`and ${failing.length - 3} more`]] : failing;
  const items = [...shown, ...thresholdCounts(view, paint)];
  if (items.length > 0) rows.push(...row('thresholds', items, width, paint));
  if (view.warning !== null)
    rows.push(...row('warning', [[{ text: printable(view.warning), paint: paint.yellow }]], width, paint));
  return rows;
}

function sideBySide(left: readonly Line[], right: readonly Line[], leftWidth: number): Line[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
    const [first = [], second] = [left[i], right[i]];
    return second ? [...first, ' '.repeat(Math.max(0, leftWidth - lineWidth(first))), ...second] : first;
  });
}

/**
 * The progress as lines of at most `width` columns: a longer line is truncated, never wrapped.
 *
 * @param width columns of the terminal
 */
export function liveLines(view: LiveView, width: number, colours: boolean): string[] {
  const paint = palette(colours);
  const lines: Line[] = [header(view, width, paint)];
  if (view.phase === 'running') {
    scenarioLines(view, paint).forEach((line, i) => {
      lines.push([{ text: padEnd(i === 0 ? 'scenarios' : '', LABEL_WIDTH), paint: paint.dim }, ...line]);
    });
  }
  if (isBeforeLoad(view.phase)) {
    if (view.tasks.lost > 0)
      lines.push(...row('tasks', [[{ text: `${formatCount(view.tasks.lost)} lost`, paint: paint.red }]], width, paint));
  } else if (width >= TWO_COLUMNS_FROM) {
    const half = Math.floor(width / 2);
    lines.push(...sideBySide(loadRows(view, half - GAP, paint), fleetRows(view, width - half, paint), half));
  } else {
    lines.push(...loadRows(view, width, paint), ...fleetRows(view, width, paint));
  }
  lines.push(...alertRows(view, width, paint));
  return lines.map((line) => paintLine(line, width));
}

/** The progress on one plain line, for logs and pipes. */
export function liveLine(view: LiveView): string {
  const parts = [`${view.phase} ${position(view)}`];
  const scenarios = view.phase === 'running' ? scenarioPart(view) : null;
  if (scenarios !== null) parts.push(scenarios);
  if (!isBeforeLoad(view.phase)) {
    parts.push(
      `tasks ${formatCount(view.tasks.running)}/${formatCount(view.tasks.planned)}`,
      `VUs ${formatCount(view.vus)}`,
      formatRate(view.requestsPerSecond),
      `${formatShare(view.errorRate)} failed`,
      `p50 ${formatLatency(view.p50)} p95 ${formatLatency(view.p95)} p99 ${formatLatency(view.p99)}`,
    );
    if (view.checksFailed > 0) parts.push(`${formatPlural(view.checksFailed, 'check')} failed`);
    if (view.target) parts.push(`target ${formatCount(view.target.running)}/${formatCount(view.target.desired)}`);
  }
  parts.push(...errorCounts(view.errors));
  if (view.tasks.lost > 0) parts.push(`${formatCount(view.tasks.lost)} lost`);
  const failing = failingThresholds(view);
  if (failing.length > 0) parts.push(`failing: ${failing.join(', ')}`);
  return parts.join(' | ');
}
