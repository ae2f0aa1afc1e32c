import { createHash } from 'node:crypto';
import type { SummaryGroup } from '../contract/script-data.ts';
import { compareFirstSeen, earlier, type FirstSeen } from './breakdown.ts';
import type { RunMetrics } from './run-metrics.ts';

const SEPARATOR = '::';

/** How often a check passed and failed, over all tasks. */
export interface CheckCount {
  name: string;
  /** `::outer::inner`; empty for the root; null if the script has switched the group tag off. */
  group: string | null;
  passes: number;
  fails: number;
}

/** All checks, in the order in which they were first seen. */
export function listChecks(metrics: RunMetrics): CheckCount[] {
  const checks = new Map<string, { check: CheckCount; firstSeen: FirstSeen }>();
  for (const { tags, values, firstSeen } of metrics.breakdowns.checks.list()) {
    const { check: name, group = null } = tags;
    if (name === undefined) continue;
    const key = JSON.stringify([group, name]);
    const known = checks.get(key) ?? { check: { name, group, passes: 0, fails: 0 }, firstSeen };
    known.firstSeen = earlier(known.firstSeen, firstSeen);
    known.check.passes += values.passes;
    known.check.fails += values.fails;
    checks.set(key, known);
  }
  return [...checks.values()].sort((a, b) => compareFirstSeen(a.firstSeen, b.firstSeen)).map(({ check }) => check);
}

/** The groups and checks as k6 passes them to handleSummary. As in k6, a check without a group tag is in no group. */
export function groupTree(metrics: RunMetrics): SummaryGroup {
  const root = makeGroup('', '');
  const groups = new Map([['', root]]);
  const inOrder = metrics.groups.sorted().sort(([, a], [, b]) => compareFirstSeen(a.firstSeen, b.firstSeen));
  for (const [path] of inOrder) groupAt(groups, root, path);
  for (const { name, group, passes, fails } of listChecks(metrics)) {
    if (group === null) continue;
    const parent = groupAt(groups, root, group);
    const path = parent.path + SEPARATOR + name;
    parent.checks.push({ name, path, id: idOf(path), passes, fails });
  }
  return root;
}

/** The group at a path, created with its ancestors if it is new. */
function groupAt(groups: Map<string, SummaryGroup>, root: SummaryGroup, path: string): SummaryGroup {
  let group = root;
  for (const name of path.split(SEPARATOR).slice(1)) {
    const childPath = group.path + SEPARATOR + name;
    const child = groups.get(childPath) ?? makeGroup(name, childPath);
    if (!groups.has(childPath)) {
      groups.set(childPath, child);
      group.groups.push(child);
    }
    group = child;
  }
  return group;
}

function makeGroup(name: string, path: string): SummaryGroup {
  return { name, path, id: idOf(path), groups: [], checks: [] };
}

/** k6 names groups and checks by the MD5 of their path (lib/models.go). */
function idOf(path: string): string {
  return createHash('md5').update(path).digest('hex');
}
