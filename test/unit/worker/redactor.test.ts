import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogBuffer } from '../../../worker/log-buffer.ts';
import { Redactor, redactCells } from '../../../worker/redactor.ts';

/** Few letters, so that secrets overlap each other and what is around them. */
const word = (minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom('a', 'b', 'é', '"'), { minLength, maxLength }).map((letters) => letters.join(''));

describe('Redactor', () => {
  it('shows no secret, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(word(4, 8), { minLength: 1, maxLength: 4 }),
        fc.array(word(0, 12)),
        fc.array(fc.nat({ max: 20 })),
        (secrets, texts, cuts) => {
          const whole = Buffer.from(`${texts.join('')}\n`);
          const redactor = new Redactor(secrets);
          const shown: Buffer[] = [];
          let from = 0;
          for (const size of cuts) {
            shown.push(redactor.push(whole.subarray(from, from + size)));
            from += size;
          }
          shown.push(redactor.push(whole.subarray(from)));
          const text = Buffer.concat(shown).toString('utf8');

          for (const secret of secrets) expect(text).not.toContain(secret);
          expect(text).toBe(new Redactor(secrets).redact(whole.toString('utf8')));
        },
      ),
    );
  });

  it('hides a secret as k6 quotes it, and as a URL has it', () => {
    const redactor = new Redactor(['{"key":"s/1"}', 'a&b=c d']);

    expect(redactor.redact('msg="{\\"key\\":\\"s/1\\"}"')).toBe('msg="***"');
    expect(redactor.redact('https://x/?token=a%26b%3Dc%20d')).toBe('https://x/?token=***');
    expect(redactor.redact('"a\\u0026b=c d"')).toBe('"***"');
  });

  it('leaves alone what is too short to be a secret', () => {
    expect(new Redactor(['abc', '']).redact('abc')).toBe('abc');
  });
});

describe('LogBuffer', () => {
  it('hides secrets in its text and its last lines, each stream apart', () => {
    const log = new LogBuffer();
    log.redact(['s3cret-value']);
    const [stdout, stderr] = [log.source(), log.source()];
    stdout(Buffer.from('one s3cret'));
    stderr(Buffer.from('two\n'));
    stdout(Buffer.from('-value\n'));
    log.line('cannot use s3cret-value');

    expect(log.text()).toBe('one two\n***\ncannot use ***\n');
    expect(log.lastLines(1)).toEqual(['cannot use ***']);
  });
});

describe('redactCells', () => {
  const line = JSON.stringify({
    v: 1,
    wall: 4711,
    cells: [
      {
        t: 4711,
        groups: ['::4711'],
        keys: [{ key: 'm{name:4711}', type: 'counter', contains: 'default' }],
        metrics: [
          {
            name: 'http_reqs',
            type: 'counter',
            contains: 'default',
            series: [
              { tags: { name: 'https://x/?t=4711', status: '200' }, values: { sum: 4711 } },
              { values: { sum: 1 } },
            ],
          },
        ],
      },
    ],
  });

  it('hides secrets in tags and groups, and spoils no number, metric or key', () => {
    const hidden = JSON.parse(redactCells(line, new Redactor(['4711'])));

    expect(hidden).toEqual(JSON.parse(line.replace('"::4711"', '"::***"').replace('?t=4711', '?t=***')));
  });

  it('hides secrets in messages of the log, lines of the console and tags of failed requests', () => {
    const lineWith = (secret: string) => ({
      v: 1,
      wall: 1,
      cells: [],
      log: [
        {
          message: `key ${secret}`,
          level: 'error',
          source: 'exception',
          place: `file:///${secret}.js:1:1`,
          count: 4711,
          firstAt: 4711,
          lastAt: 4711,
          example: { at: 4711, message: `key ${secret}`, stack: `at ${secret}` },
        },
      ],
      console: [{ t: 4711, level: 'info', message: `my key is ${secret}` }],
      failedRequests: [{ status: secret, errorCode: '1000', count: 4711 }],
    });
    const hidden = redactCells(JSON.stringify(lineWith('4711')), new Redactor(['4711', 'error']));
    expect(JSON.parse(hidden)).toEqual(lineWith('***'));
  });

  it('passes on as it is what has none', () => {
    expect(redactCells(line, new Redactor(['something else']))).toBe(line);
  });
});
