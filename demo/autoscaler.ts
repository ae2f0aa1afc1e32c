/**
 * Target tracking as Application Auto Scaling does it for an ECS service: one metric point a minute, a high alarm after 3
 * points above the target, a low alarm after 15 points below 90 % of it, changes in proportion to the metric, and
 * cooldowns.
 * https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
 */
export interface ScalingPolicy {
  minTasks: number;
  maxTasks: number;
  /** The utilization to keep, 0 to 1. */
  target: number;
  /** Metric points above the target that raise the high alarm. */
  highPoints: number;
  /** Metric points below `lowFactor` times the target that raise the low alarm. */
  lowPoints: number;
  lowFactor: number;
  /** After a scale-out, only a larger one may follow within this time, ms. */
  scaleOutCooldownMs: number;
  /** After any change, no scale-in may follow within this time, ms. */
  scaleInCooldownMs: number;
}

/** The interval of metric points, ms. */
export const METRIC_PERIOD_MS = 60_000;

/** 60 % of the slots in use; AWS's defaults, except for a scale-out cooldown of one minute, as suits spikes. */
export const SCALING_POLICY: ScalingPolicy = {
  minTasks: 2,
  maxTasks: 6,
  target: 0.6,
  highPoints: 3,
  lowPoints: 15,
  lowFactor: 0.9,
  scaleOutCooldownMs: 60_000,
  scaleInCooldownMs: 300_000,
};

export interface AutoscalerState {
  desired: number;
  /** The latest metric points, oldest first; as many as the longer alarm evaluates. */
  points: readonly number[];
  lastOut: { at: number; added: number } | null;
  /** When the desired count was last changed, ms; null: never. */
  lastChangeAt: number | null;
}

export const initialState = (desired: number): AutoscalerState => ({
  desired,
  points: [],
  lastOut: null,
  lastChangeAt: null,
});

export interface MetricPoint {
  /** ms, by the same clock as the policy's times. */
  at: number;
  /** Average over the period, 0 to 1. */
  utilization: number;
  /** Tasks that ran in the period. */
  running: number;
}

/** Takes one metric point and decides the desired count. */
export function step(state: AutoscalerState, point: MetricPoint, policy: ScalingPolicy): AutoscalerState {
  const kept = Math.max(policy.highPoints, policy.lowPoints);
  const points = [...state.points, point.utilization].slice(-kept);
  const next = { ...state, points };
  const wanted = clamp(Math.ceil((point.running * point.utilization) / policy.target - 1e-9), policy);
  if (all(points, policy.highPoints, (value) => value > policy.target)) return scaleOut(next, wanted, point.at, policy);
  const low = policy.target * policy.lowFactor;
  if (all(points, policy.lowPoints, (value) => value < low)) return scaleIn(next, wanted, point.at, policy);
  return next;
}

function scaleOut(state: AutoscalerState, wanted: number, at: number, policy: ScalingPolicy): AutoscalerState {
  const added = wanted - state.desired;
  if (added <= 0) return state;
  const { lastOut } = state;
  const cooling = lastOut !== null && at - lastOut.at < policy.scaleOutCooldownMs;
  if (cooling && added <= lastOut.added) return state;
  return { ...state, desired: wanted, lastOut: { at, added }, lastChangeAt: at };
}

function scaleIn(state: AutoscalerState, wanted: number, at: number, policy: ScalingPolicy): AutoscalerState {
  const cooling = state.lastChangeAt !== null && at - state.lastChangeAt < policy.scaleInCooldownMs;
  if (cooling || wanted >= state.desired) return state;
  return { ...state, desired: wanted, lastChangeAt: at };
}

const all = (points: readonly number[], length: number, is: (value: number) => boolean): boolean =>
  points.length >= length && points.slice(-length).every(is);

const clamp = (tasks: number, { minTasks, maxTasks }: ScalingPolicy): number =>
  Math.min(maxTasks, Math.max(minTasks, tasks));
