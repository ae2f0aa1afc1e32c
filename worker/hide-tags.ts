import type { CellLine } from '../core/contract/window.ts';
import type { Redactor } from './redactor.ts';

/** Hides secrets in what a script has put into tags and groups, such as a token in a URL; names and numbers stay. */
export function hideInTags(line: string, redactor: Redactor): string {
  if (redactor.redact(line) === line) return line;
  const parsed = JSON.parse(line) as CellLine;
  for (const cell of parsed.cells) {
    for (const { series } of cell.metrics ?? []) {
      for (const one of series) {
        const tags = Object.entries(one.tags ?? {}).map(([name, value]) => [name, redactor.redact(value)]);
        if (tags.length > 0) one.tags = Object.fromEntries(tags);
      }
    }
    if (cell.groups !== undefined) cell.groups = cell.groups.map((group) => redactor.redact(group));
  }
  return JSON.stringify(parsed);
}
