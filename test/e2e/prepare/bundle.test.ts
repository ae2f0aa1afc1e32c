/** Which scripts are bundled, and what a bundle leaves to k6. */
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bundleNpmImports } from '../../../cli/prepare/bundle.ts';
import { Sandbox } from '../../support/fleet.ts';
import { writeFiles, writePackages } from './packages.ts';

const { dir } = await Sandbox.create();
beforeAll(async () => {
  await writePackages(dir);
  await writeFiles(dir, { 'helper.js': 'export const help = () => 1;', 'typed.ts': 'export const typed: number = 1;' });
});

const bundle = (text: string) => bundleNpmImports({ text, dir });

test.each([
  ['no import', 'export default function () {}'],
  ["k6's own modules", `import http from 'k6/http'; import { sleep } from 'k6'; import x from 'k6/x/fleet';`],
  ['a relative import', `import { help } from './helper.js'; help();`],
  ['a TypeScript file', `import { typed } from './typed.ts'; export default () => typed;`],
  ['a remote module', `import { a } from 'https://example.com/a.js'; a();`],
  ['a file that is not there, which k6 says better', `import { a } from './nowhere.js'; a();`],
  ['a package that is not there', `import { a } from 'no-such-package'; a();`],
  ['a syntax error', `import { shout } from 'esm-pkg'; export default function ( {`],
])('leaves a script with %s as it is', async (_, text) => expect(await bundle(text)).toBeNull());

test('a package is bundled; modules of k6 and remote ones stay imports', async () => {
  const text = await bundle(`
    import http from 'k6/http';
    import { a } from 'https://example.com/a.js';
    import { help } from './helper.js';
    import { shout } from 'esm-pkg';
    import { twice } from 'cjs-pkg';
    export const options = { vus: 2 };
    export default function () { http.get(shout(twice(a + help()))); }`);
  const imports = [...(text ?? '').matchAll(/from "([^"]+)"/g)].map(([, from]) => from);
  expect(imports.sort()).toEqual(['https://example.com/a.js', 'k6/http']);
  expect(text).toContain('toUpperCase');
  expect(text).toMatch(/export \{[^}]*options/);
});

test('a package that only a helper imports is bundled too', async () => {
  await writeFiles(dir, { 'lib/uses.ts': `import { shout } from 'esm-pkg'; export const hi: string = shout('hi');` });
  expect(await bundleNpmImports({ file: join(dir, 'lib/uses.ts') })).toContain('toUpperCase');
  expect(await bundle(`import { hi } from './lib/uses.ts'; export default () => hi;`)).toContain('toUpperCase');
});
