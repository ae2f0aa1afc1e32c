import type { Plan } from '../contract/plan.ts';
import type { Result, SectionResult } from '../contract/result.ts';
import { compareFirstSeen, type FirstSeen } from './breakdown.ts';
import { summaryValues } from './metric.ts';
import type { RunMetrics } from './run-metrics.ts';
import { type SectionPath, sectionPath } from './sections.ts';

/** Metrics and checks by scenario and group; null: the plan asks for the compact summary. @param testMs ms */
export function sectionResults(
  metrics: RunMetrics,
  { summary }: { summary: Readonly<Plan['summary']> },
  testMs: number,
): Result['sections'] {
  if (summary.mode !== 'full') return null;
  const tree = new SectionTree();
  for (const path of pathsInOrder(metrics)) tree.at(path);
  for (const section of metrics.sections.list()) {
    const values = [...section.metrics.values()].map(({ name, type, contains, values }) => {
      const metric = { name, type, contains, values, hasSamples: true, pivots: [] };
      const shown = Object.entries(summaryValues(metric, summary.trendStats, testMs));
      const finite = shown.map(([stat, x]) => [stat, Number.isFinite(x) ? x : null]);
      return [name, { type, contains, values: Object.fromEntries(finite) }];
    });
    tree.at(section).metrics = Object.fromEntries(values);
  }
  addChecks(metrics, tree);
  return tree.results();
}

/** The paths of all sections, each group after those that k6 saw before it. */
function pathsInOrder(metrics: RunMetrics): SectionPath[] {
  const groupOrder = new Map<string, FirstSeen>();
  for (const [path, { firstSeen }] of metrics.groups.sorted()) {
    groupOrder.set(JSON.stringify(sectionPath({ group: path }).groups), firstSeen);
  }
  return metrics.sections
    .list()
    .map((section) => ({ section, seen: groupOrder.get(JSON.stringify(section.groups)) ?? section.firstSeen }))
    .sort((a, b) => compareFirstSeen(a.seen, b.seen))
    .map(({ section }) => section);
}

/** Checks by name: a scenario's are those of all its groups, a group's are its own. */
function addChecks({ breakdowns }: RunMetrics, tree: SectionTree): void {
  const rows = breakdowns.checks.list().sort((a, b) => compareFirstSeen(a.firstSeen, b.firstSeen));
  for (const { tags, values } of rows) {
    const { check: name } = tags;
    if (name === undefined) continue;
    const { scenario, groups } = sectionPath(tags);
    const sections = [
      ...(scenario === '' ? [] : [tree.find({ scenario, groups: [] })]),
      ...(groups.length === 0 ? [] : [tree.find({ scenario, groups })]),
    ];
    for (const section of sections) {
      if (section === undefined) continue; // past the limit on sections
      let known = section.checks.find((check) => check.name === name);
      if (known === undefined) {
        known = { name, passes: 0, fails: 0 };
        section.checks.push(known);
      }
      known.passes += values.passes;
      known.fails += values.fails;
    }
  }
}

class SectionTree {
  private readonly scenarios = new Map<string, SectionResult>();
  /** Holds the groups outside named scenarios. */
  private readonly root = emptySection('');

  /** The section at a path, created with those around it if it is new. */
  at({ scenario, groups }: SectionPath): SectionResult {
    let section = this.root;
    if (scenario !== '') {
      section = this.scenarios.get(scenario) ?? emptySection(scenario);
      this.scenarios.set(scenario, section);
    }
    for (const name of groups) {
      const known = section.groups.find((group) => group.name === name);
      const group = known ?? emptySection(name);
      if (known === undefined) section.groups.push(group);
      section = group;
    }
    return section;
  }

  find({ scenario, groups }: SectionPath): SectionResult | undefined {
    let section = scenario === '' ? this.root : this.scenarios.get(scenario);
    for (const name of groups) section = section?.groups.find((group) => group.name === name);
    return section;
  }

  results(): NonNullable<Result['sections']> {
    const byName = (a: SectionResult, b: SectionResult) => a.name.localeCompare(b.name, 'en');
    return { groups: this.root.groups, scenarios: [...this.scenarios.values()].sort(byName) };
  }
}

const emptySection = (name: string): SectionResult => ({ name, metrics: {}, checks: [], groups: [] });
