/**
 * Whether what the documents name exists: links with their anchors, commands and flags of the CLI, npm scripts, and paths
 * in code font. Prints one line for each that does not, and fails if there is one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { Command } from 'commander';
import { exit, filesBelow, root } from './check.ts';

/** Flags that the documents name without their program, by the program. */
const OTHER_FLAGS: Record<string, string[]> = {
  'demo/main.ts': ['--port', '--host', '--speed', '--min-tasks', '--max-tasks', '--no-autoscaling'],
  'bench/main.ts': ['--only', '--quick', '--full', '--json'],
  k6: [
    ...['--address', '--config', '--duration', '--execution-segment', '--execution-segment-sequence', '--out', '--tag'],
    ...['--include-system-env-vars', '--no-setup', '--no-teardown', '--no-thresholds', '--paused', '--vus'],
  ],
  aws: ['--desired-status'],
  cdk: ['--all', '--context'],
  artillery: ['--spot'],
};

/** A call of another program, whose flags are not ours to check. */
const FOREIGN_CALL =
  /(?:\baws|\bnpx cdk|\bdocker|\bk6|\bnpx biome|\bnpx knip|\bnpx vitest|\bgit|\bnpm (?:ci|install|pack)) [^|;&>\n]*/g;

/** Modules of k6, which look like paths below k6/. */
const K6_MODULE =
  /^k6\/(x\/fleet|http|metrics|execution|secrets|data|timers|ws|websockets|net\/grpc|experimental\/.*)$/;

/** Records of the past: the files and flags that they name may be gone. */
const HISTORY = /^(CHANGELOG\.md|docs\/adr\/)/;

/** A path in code font is one of ours if its first folder is, or if it ends like a source file. */
const SOURCE_FILE = /\.(ts|mjs|go|sh|md)$/;

interface Document {
  path: string;
  text: string;
}

/** The long and short flags of each command of the CLI, and the CLI's own under ''. */
async function cliFlags(): Promise<Map<string, Set<string>>> {
  const flags = new Map([['', new Set(['--help', '-h', '--version', '-V'])]]);
  for (const file of filesBelow('cli/commands', /\.ts$/)) {
    const exported = (await import(join(root, file))) as Record<string, unknown>;
    for (const [name, make] of Object.entries(exported)) {
      if (!name.endsWith('Command') || typeof make !== 'function') continue;
      const command: unknown = make();
      if (!(command instanceof Command)) continue;
      const own = command.options.flatMap(({ long, short }) => [long, short]).filter((flag) => flag !== undefined);
      flags.set(command.name(), new Set([...own, '--help', '-h']));
    }
  }
  return flags;
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
    const slug = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  for (const [, id = ''] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

const FENCE = /^( *)(```+|~~~+).*\n[\s\S]*?^\1\2 *$/gm;
const withoutFences = (text: string) => text.replace(FENCE, '');

/** The lines of fenced blocks, continued lines joined, and the spans in code font. */
function codeOf(text: string): { lines: string[]; spans: string[] } {
  const fenced = [...text.matchAll(FENCE)].map(([block]) => block.split('\n').slice(1, -1).join('\n'));
  const lines = fenced.flatMap((block) => block.replace(/\\\n\s*/g, ' ').split('\n'));
  const spans = [...withoutFences(text).matchAll(/(`+)([^`][\s\S]*?)\1(?!`)/g)];
  return { lines, spans: spans.map(([, , span = '']) => span.replace(/\s+/g, ' ')) };
}

function* brokenLinks({ path, text }: Document): Generator<string> {
  const prose = withoutFences(text).replace(/`[^`\n]*`/g, '');
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const references = [...prose.matchAll(/^\[[^\]]+\]:\s+(\S+)/gm)];
  for (const [, link = ''] of [...inline, ...references]) {
    if (/^[a-z][a-z+.-]*:/.test(link)) continue;
    const broken = brokenLink(path, link);
    if (broken !== null) yield broken;
  }
}

function brokenLink(from: string, link: string): string | null {
  const [target = '', anchor] = link.split('#');
  const file = target === '' ? from : posix.normalize(posix.join(dirname(from), decodeURIComponent(target)));
  if (!existsSync(join(root, file))) return `links to ${link}: no such file`;
  if (anchor === undefined || !file.endsWith('.md')) return null;
  return anchorsOf(readFileSync(join(root, file), 'utf8')).has(anchor) ? null : `links to ${link}: no such heading`;
}

const FLAG = /(?<![\w-])--[a-z][\w-]*/g;
/** Of a shell line, the arguments of each call of the CLI: up to a pipe, a redirection, a comment, the next command. */
const CLI_CALL = /(?:\bk6-fleet|\bnode \S*dist\/cli\.js) ([a-z][^|;&#>\n]*)/g;

function* brokenFlags(code: string, flags: Map<string, Set<string>>): Generator<string> {
  let rest = code;
  for (const [call, given = ''] of code.matchAll(CLI_CALL)) {
    const name = given.split(' ')[0]?.replace(/\W+$/, '') ?? '';
    const own = flags.get(name);
    if (own === undefined) {
      yield `\`${code}\`: k6-fleet has no command ${name}`;
      continue;
    }
    for (const [flag] of given.matchAll(FLAG)) if (!own.has(flag)) yield `\`${code}\`: k6-fleet ${name} has no ${flag}`;
    rest = rest.replace(call, '');
  }
  const known = new Set([...flags.values(), ...Object.values(OTHER_FLAGS)].flatMap((own) => [...own]));
  for (const [flag] of rest.replace(FOREIGN_CALL, '').matchAll(FLAG)) {
    if (!known.has(flag)) yield `\`${code}\`: ${flag} is neither a flag of k6-fleet nor in OTHER_FLAGS`;
  }
}

function* brokenScripts(code: string, scripts: Record<string, string>): Generator<string> {
  for (const [, name = ''] of code.matchAll(/\bnpm run ([\w:-]+)/g)) {
    if (!(name in scripts)) yield `\`${code}\`: package.json has no script ${name}`;
  }
}

/** The alternatives of `{a,b}` in a path. */
function expand(path: string): string[] {
  const [all = '', list = ''] = /\{([^{}]*)\}/.exec(path) ?? [];
  return all === '' ? [path] : list.split(',').flatMap((choice) => expand(path.replace(all, choice.trim())));
}

function* brokenPaths(span: string, from: string, topLevel: Set<string>): Generator<string> {
  if (!/^[\w.@-][\w.@/*{}, -]*\/[\w.@/*{}, -]*$/.test(span) || /(^|[^,]) /.test(span)) return;
  const first = span.split('/')[0] ?? '';
  if (K6_MODULE.test(span) || (!topLevel.has(first) && !SOURCE_FILE.test(span))) return;
  for (const path of expand(span)) {
    const certain = path.includes('*') ? dirname(path.slice(0, path.indexOf('*') + 1)) : path;
    const places = [certain, posix.join(dirname(from), certain)];
    if (!places.some((place) => existsSync(join(root, place)))) yield `\`${span}\`: ${certain} does not exist`;
  }
}

const documents = filesBelow('.', /\.md$/).map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const sources = filesBelow('.', /\.(ts|mjs|js|go)$/);
const flags = await cliFlags();
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const topLevel = new Set(
  filesBelow('.', /./).flatMap((path) => (path.includes('/') ? [path.split('/')[0] ?? ''] : [])),
);

const broken: string[] = [];
for (const document of documents) {
  const { path, text } = document;
  const { lines, spans } = codeOf(text);
  const found = [...brokenLinks(document)];
  if (!HISTORY.test(path)) {
    for (const code of [...lines, ...spans]) found.push(...brokenFlags(code, flags), ...brokenScripts(code, scripts));
    for (const span of spans) found.push(...brokenPaths(span, path, topLevel));
  }
  broken.push(...found.map((what) => `${path}: ${what}`));
}
for (const path of sources) {
  for (const [link] of readFileSync(join(root, path), 'utf8').matchAll(/\bdocs\/[\w/-]+\.md(#[\w-]+)?/g)) {
    const what = brokenLink('README.md', link);
    if (what !== null) broken.push(`${path}: ${what}`);
  }
}
exit(broken);
