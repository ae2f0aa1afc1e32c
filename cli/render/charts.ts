/** Charts that fit into one line of text. */

const levels = '▁▂▃▄▅▆▇█';
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** `width` columns for a share from 0 to 1; what is outside counts as the nearer end, NaN as 0. */
export function progressBar(share: number, width: number): string {
  const clamped = Number.isNaN(share) ? 0 : Math.min(1, Math.max(0, share));
  const filled = Math.floor(clamped * width * 8);
  const bar = '█'.repeat(Math.floor(filled / 8)) + (eighths[filled % 8] ?? '');
  return bar + '░'.repeat(Math.max(0, width - bar.length));
}

/** One column a value, from 0 at the bottom to the greatest at the top; a value that is not finite leaves a gap. */
export function sparkline(values: readonly (number | null)[]): string {
  const finite = (value: number | null): value is number => value !== null && Number.isFinite(value);
  const top = values.filter(finite).reduce((max, value) => Math.max(max, value), 0);
  return values
    .map((value) => {
      if (!finite(value)) return ' ';
      const level = top > 0 ? Math.round((Math.max(0, value) / top) * (levels.length - 1)) : 0;
      return levels[level];
    })
    .join('');
}
