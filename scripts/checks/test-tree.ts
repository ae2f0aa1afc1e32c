/** Whether test/unit mirrors the sources: `test/unit/core/x.test.ts` tests `core/x.ts`, or the folder `core/x`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exit, filesBelow, root } from './check.ts';

/** Unit tests of a whole folder's work, named after what they show. */
const OF_A_FOLDER = new Set([
  'cli/imports', // what cli/main.ts loads at its start
  'cli/render/texts', // all texts, at any width
  'core/run/frontier', // thresholds of a simulated run, judged while it runs
  'core/run/job-limits', // jobs of a simulated run that take long, or hang
  'core/run/legs', // a run of many legs
  'core/run/scale', // a run of a thousand tasks
  'core/run/stops', // a stop request in each phase of a simulated run
  'core/run/target', // a run with a target
  'core/scaling/ecs-timelines', // verdicts over scale-outs as recorded on ECS
  'lib/nag', // both stacks by cdk-nag
]);

const unplaced = filesBelow('test/unit', /\.test\.ts$/).flatMap((path) => {
  const subject = path.slice('test/unit/'.length, -'.test.ts'.length);
  const isThere = ['.ts', '.mjs', ''].some((extension) => existsSync(join(root, subject + extension)));
  if (OF_A_FOLDER.has(subject)) return isThere ? [`${path}: no exception is needed any more`] : [];
  return isThere ? [] : [`${path}: there is no ${subject}.ts, ${subject}.mjs or folder ${subject}`];
});
const gone = [...OF_A_FOLDER].filter((subject) => !existsSync(join(root, 'test/unit', `${subject}.test.ts`)));
exit([...unplaced, ...gone.map((subject) => `test/unit/${subject}.test.ts: an exception without its test`)]);
