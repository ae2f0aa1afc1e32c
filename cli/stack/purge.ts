import { K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';
import { S3Store } from '../../stores/s3.ts';
import { deleteRuns, existing, type PurgeTarget } from '../purge.ts';
import { activeRuns } from './active-runs.ts';
import { loadStack } from './stack-info.ts';

/** The runs of a deployed stack, whose bucket stays. @throws UserError if there is no such stack */
export async function stackPurge(name: string): Promise<PurgeTarget> {
  const info = await loadStack(name);
  const store = new S3Store(info.bucket);
  const where = `s3://${info.bucket}`;
  return {
    where,
    needsAll: false,
    bucketGoes: false,
    assertDeletable: async (chosen) => {
      await existing(store, chosen, { where, hint: `; see k6-fleet runs --stack ${info.stack}` });
      const active = (await activeRuns(store, info)).find(({ run }) => chosen === 'all' || chosen.includes(run));
      if (active === undefined) return;
      throw new UserError(
        `run ${active.run} is still active: stop it first with k6-fleet stop ${active.run} --stack ${info.stack}`,
        K6Exit.invalidConfig,
      );
    },
    delete: (chosen) => deleteRuns(store, chosen),
  };
}

/** The bucket of a stack that has been destroyed. */
export function bucketPurge(bucket: string): PurgeTarget {
  const store = new S3Store(bucket);
  const where = `s3://${bucket}`;
  return {
    where,
    needsAll: false,
    bucketGoes: true,
    assertDeletable: async (chosen) => {
      await existing(store, chosen, { where, hint: '' });
    },
    delete: async (chosen) => {
      await deleteRuns(store, chosen);
      if (chosen === 'all') await store.deleteBucket();
    },
  };
}
