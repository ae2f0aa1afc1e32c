import type { Estimate } from '../../core/aws/cost.ts';
import { fieldLines } from './field.ts';
import { formatDuration } from './format.ts';
import { palette } from './line.ts';

/** What a run on AWS is about to take and to cost. @param width columns of the terminal */
export function estimateText(estimate: Estimate, width: number, colours: boolean): string {
  const paint = palette(colours);
  const { perHour, total, items, launchSeconds, notes } = estimate;
  const most = items
    .filter(({ dollars }) => dollars >= total / 100)
    .sort((a, b) => b.dollars - a.dollars)
    .map(({ name, dollars }) => `${name} ${money(dollars)}`);
  return [
    ...fieldLines('launch', `takes about ${formatDuration(launchSeconds * 1000)}`, width, paint),
    ...fieldLines('cost', `about ${money(total)} in all, ${money(perHour)} an hour: ${most.join(', ')}`, width, paint),
    ...fieldLines('', notes.join('; '), width, paint),
    '',
  ].join('\n');
}

/** Two decimals, or more where these would hide it. */
const money = (dollars: number): string => `$${dollars >= 0.1 ? dollars.toFixed(2) : dollars.toPrecision(2)}`;
