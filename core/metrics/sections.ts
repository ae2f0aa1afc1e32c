import type { MetricCell, Values } from '../contract/window.ts';
import { type Accumulator, addValues, createAccumulator } from './accumulators.ts';
import { BoundedMap, earlier, type FirstSeen, type Tags } from './breakdown.ts';

/** k6's name for the scenario of a script without scenarios: the summary has no section for it. */
const DEFAULT_SCENARIO = 'default';
const SEPARATOR = '::';
/** Samples of setup() and teardown() outside a group of their own belong to no section. */
const LIFECYCLE_GROUPS = ['setup', 'teardown'];

/** The section of k6's full summary that a sample counts towards. */
export interface SectionPath {
  /** Empty: none, or k6's default one. */
  scenario: string;
  /** The names of a group and of the groups around it, outermost first; empty: the scenario as a whole. */
  groups: string[];
}

/** As in `flushSample` of k6's internal/output/summary/summary.go. */
export function sectionPath({ scenario = '', group = '' }: Tags): SectionPath {
  const path = group.startsWith(SEPARATOR) ? group.slice(SEPARATOR.length) : group;
  return {
    scenario: scenario === DEFAULT_SCENARIO ? '' : scenario,
    groups: group === '' || LIFECYCLE_GROUPS.includes(path) ? [] : path.split(SEPARATOR),
  };
}

type MetricShape = Pick<MetricCell, 'name' | 'type' | 'contains'>;

/** The metrics of a scenario, or of a group in it without the groups inside that. */
export interface Section extends SectionPath {
  metrics: Map<string, MetricShape & { values: Accumulator }>;
  firstSeen: FirstSeen;
}

export interface SectionsJson {
  sections: (SectionPath & { firstSeen: FirstSeen; metrics: (MetricShape & { values: Values })[] })[];
  truncated: boolean;
}

/**
 * All metrics by scenario and by group. A sample in a group counts twice, towards its scenario and towards its group, so a
 * limit on groups leaves the scenarios complete. Which scenarios and groups are kept does not depend on the order of
 * additions.
 */
export class Sections {
  /** Whether there were more scenarios or groups than the limit. */
  truncated = false;
  private readonly sections: Record<'scenarios' | 'groups', BoundedMap<Section>>;

  /** @param limit how many scenarios, and how many groups, to keep; 0: keep none, as they are not asked for */
  constructor(private readonly limit: number) {
    const onEvict = () => {
      this.truncated = true;
    };
    this.sections = { scenarios: new BoundedMap(limit, onEvict), groups: new BoundedMap(limit, onEvict) };
  }

  /** @param clockOffsetMs the store's clock minus the clock of a gauge's `at` */
  add(tags: Tags, metric: MetricShape & { values: Values }, firstSeen: FirstSeen, clockOffsetMs = 0): void {
    if (this.limit === 0) return;
    const { scenario, groups } = sectionPath(tags);
    if (scenario !== '') this.addTo({ scenario, groups: [] }, metric, firstSeen, clockOffsetMs);
    if (groups.length > 0) this.addTo({ scenario, groups }, metric, firstSeen, clockOffsetMs);
  }

  /** Scenarios, then groups, each in ascending order of paths. */
  list(): Section[] {
    return [...this.sections.scenarios.sorted(), ...this.sections.groups.sorted()].map(([, section]) => section);
  }

  toJson(): SectionsJson {
    const sections = this.list().map(({ scenario, groups, firstSeen, metrics }) => ({
      scenario,
      groups,
      firstSeen,
      metrics: [...metrics.values()].map((metric) => ({ ...metric, values: metric.values.toValues() })),
    }));
    return { sections, truncated: this.truncated };
  }

  /** Adds what `toJson` returned. */
  restore({ sections, truncated }: SectionsJson): void {
    if (truncated) this.truncated = true;
    for (const { metrics, firstSeen, ...path } of sections) {
      for (const metric of metrics) this.addTo(path, metric, firstSeen);
    }
  }

  private addTo(path: SectionPath, metric: MetricShape & { values: Values }, seen: FirstSeen, clockOffsetMs = 0): void {
    const { scenarios, groups } = this.sections;
    const key = JSON.stringify([path.scenario, ...path.groups]);
    const create = () => ({ ...path, metrics: new Map(), firstSeen: seen });
    const section = (path.groups.length > 0 ? groups : scenarios).getOrCreate(key, create);
    if (section === undefined) {
      this.truncated = true;
      return;
    }
    section.firstSeen = earlier(section.firstSeen, seen);
    const { name, type, contains, values } = metric;
    const known = section.metrics.get(name) ?? { name, type, contains, values: createAccumulator(type) };
    section.metrics.set(name, known);
    addValues(known.values, values, clockOffsetMs);
  }
}
