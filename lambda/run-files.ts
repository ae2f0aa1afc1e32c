import { decodeJson, encodeJson } from '../core/contract/codec.ts';
import { runKeys } from '../core/contract/keys.ts';
import { Plan } from '../core/contract/plan.ts';
import { Result } from '../core/contract/result.ts';
import type { Store } from '../core/ports.ts';

/** A run was started that nobody has planned; Step Functions knows it by its name, and nothing mends it. */
class PlanMissingError extends Error {
  constructor(run: string, key: string) {
    super(`there is no ${key}: run ${run} was never planned. Start runs by \`k6-fleet run SCRIPT --stack NAME\``);
    this.name = 'PlanMissingError';
  }
}

/** What a Lambda reads and writes of a run beside the coordinator's own. */
export class RunFiles {
  private readonly keys;

  constructor(
    private readonly store: Store,
    readonly run: string,
  ) {
    this.keys = runKeys(run);
  }

  /** Null: nobody has planned that run. */
  async plan(): Promise<Plan | null> {
    const body = await this.store.get(this.keys.plan);
    return body === null ? null : decodeJson(Plan, body, this.keys.plan);
  }

  /** @throws PlanMissingError */
  async needPlan(): Promise<Plan> {
    const plan = await this.plan();
    if (plan === null) throw new PlanMissingError(this.run, this.keys.plan);
    return plan;
  }

  /** Null: the run has not come to its end. */
  async result(): Promise<Result | null> {
    const body = await this.store.get(this.keys.result);
    return body === null ? null : decodeJson(Result, body, this.keys.result);
  }

  /** Whether some coordinator has had the run before. */
  async isBegun(): Promise<boolean> {
    return (await this.store.getVersioned(this.keys.control)) !== null;
  }

  async isPublished(): Promise<boolean> {
    return (await this.store.get(this.keys.notice)) !== null;
  }

  async markPublished(at: Date): Promise<void> {
    await this.store.create(this.keys.notice, encodeJson({ at: at.toISOString() }));
  }
}
