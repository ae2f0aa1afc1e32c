import { describe, expect, it } from 'vitest';
import { LiveDisplay } from '../../../../cli/render/live-display.ts';
import { liveLines } from '../../../../cli/render/live-view.ts';
import { sampleView } from './samples.ts';

/** A terminal that understands what the display writes. A change of `columns` wraps long lines again, as on most terminals. */
class Screen {
  isTTY = true;
  columns = 80;
  rows = 24;
  private lines: string[] = [''];
  private row = 0;

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal reads escapes
    for (const token of text.match(/\u001b\[\d*[A-Za-z]|[\r\n]|[^\u001b\r\n]+/g) ?? []) {
      if (token === '\r' || token === '\u001b[K') continue;
      if (token === '\n') {
        this.row += 1;
        this.lines[this.row] ??= '';
      } else if (token === '\u001b[J') {
        this.lines.length = this.row;
        this.lines.push('');
      } else if (token.startsWith('\u001b')) {
        this.row = Math.max(0, this.row - Number.parseInt(token.slice(2), 10));
      } else {
        if (token.length > this.columns) throw new Error(`this line wraps: ${token}`);
        this.lines[this.row] = token;
      }
    }
  }

  resize(columns: number): void {
    this.columns = columns;
    this.lines = this.lines.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? ['']);
    this.row = this.lines.length - 1;
  }

  get text(): string {
    return this.lines.join('\n');
  }
}

const view = { ...sampleView, warning: null };
const block = (columns: number) => `${liveLines(view, columns - 1, false).join('\n')}\n`;

describe('on a terminal', () => {
  it('redraws in place, below what was there', () => {
    const screen = new Screen();
    screen.write('before\n');
    const display = new LiveDisplay(screen, false);
    display.draw({ ...view, warning: 'soon gone' }, 0);
    display.draw(view, 1);
    expect(screen.text).toBe(`before\n${block(80)}`);
  });

  it.each([40, 57, 160])('fits after a resize to %d columns', (columns) => {
    const screen = new Screen();
    screen.write('before\n');
    const display = new LiveDisplay(screen, false);
    display.draw(view, 0);
    screen.resize(columns);
    display.draw(view, 1);
    expect(screen.text).toBe(`before\n${block(columns)}`);
  });

  it('gives way to other lines', () => {
    const screen = new Screen();
    const display = new LiveDisplay(screen, false);
    display.draw(view, 0);
    display.clear();
    display.clear();
    screen.write('a line\n');
    display.draw(view, 1);
    expect(screen.text).toBe(`a line\n${block(80)}`);
  });

  it('never hides the cursor, and ends on a line of its own', () => {
    let written = '';
    const display = new LiveDisplay({ isTTY: true, columns: 80, write: (text: string) => (written += text) }, true);
    display.draw(view, 0);
    expect(written).not.toContain('?25');
    expect(written.endsWith('\n\u001b[J')).toBe(true);
  });

  it('is never higher than the terminal', () => {
    const screen = new Screen();
    screen.rows = 5;
    new LiveDisplay(screen, false).draw(view, 0);
    expect(screen.text.split('\n')).toHaveLength(5);
  });
});

describe('in a pipe', () => {
  it('writes a line every five seconds, at a change of phase and for a new warning', () => {
    const lines: string[] = [];
    const display = new LiveDisplay({ write: (text: string) => lines.push(text) }, true);
    const drawn = (change: object, now: number) => {
      lines.length = 0;
      display.draw({ ...view, ...change }, now);
      return lines.map((line) => line.slice(0, 16));
    };
    expect(drawn({}, 1000)).toEqual(['running 3:12 / 1']);
    expect(drawn({}, 5999)).toEqual([]);
    expect(drawn({}, 6000)).toEqual(['running 3:12 / 1']);
    expect(drawn({ phase: 'teardown' }, 6001)).toEqual(['teardown 3:12 | ']);
    expect(drawn({ phase: 'teardown', warning: 'careful\n' }, 6002)).toEqual(['warning: careful']);
    expect(drawn({ phase: 'teardown', warning: 'careful\n' }, 6003)).toEqual([]);
  });
});
