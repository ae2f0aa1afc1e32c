import { type FailedRequests, OTHER_STATUS } from '../contract/window.ts';
import { BoundedMap } from './breakdown.ts';

/** Failed requests by status and error code, over all tasks; what is past the limit is counted together. */
export class FailureCounts {
  private readonly kept: BoundedMap<FailedRequests>;
  private others = 0;

  /** @param limit how many combinations to tell apart */
  constructor(limit: number) {
    this.kept = new BoundedMap(limit, ({ count }) => {
      this.others += count;
    });
  }

  add({ status, errorCode, count }: FailedRequests): void {
    const key = JSON.stringify([status, errorCode]);
    const row =
      status === OTHER_STATUS ? undefined : this.kept.getOrCreate(key, () => ({ status, errorCode, count: 0 }));
    if (row === undefined) this.others += count;
    else row.count += count;
  }

  /** The most frequent first. Also what a checkpoint holds: `add` restores it. */
  list(): FailedRequests[] {
    const rows = this.kept.sorted().map(([, row]) => ({ ...row }));
    if (this.others > 0) rows.push({ status: OTHER_STATUS, errorCode: '', count: this.others });
    return rows.sort((a, b) => b.count - a.count);
  }
}
