import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Puts two npm packages into `dir/node_modules`: one is an ES module, the other CommonJS. */
export async function writePackages(dir: string): Promise<void> {
  await writeFiles(join(dir, 'node_modules'), {
    'esm-pkg/package.json': JSON.stringify({ name: 'esm-pkg', type: 'module', exports: './index.js' }),
    'esm-pkg/index.js': `import { loud } from './loud.js';\nexport const shout = (text) => loud(text) + '!';\n`,
    'esm-pkg/loud.js': 'export const loud = (text) => text.toUpperCase();\n',
    'cjs-pkg/package.json': JSON.stringify({ name: 'cjs-pkg', main: 'main.js' }),
    'cjs-pkg/main.js': 'exports.twice = (text) => text + text;\n',
  });
}

export async function writeFiles(dir: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
}
