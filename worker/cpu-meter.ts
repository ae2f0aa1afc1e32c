import { cpus } from 'node:os';

/**
 * Measures how busy the CPUs of this machine are, between calls. On one machine all tasks, and perhaps the target too,
 * share them, so a single task's own use would say little.
 */
export class CpuMeter {
  private last = totals();

  /** The busy share of all CPUs since the last call, 0 to 1. */
  read(): number {
    const now = totals();
    const total = now.total - this.last.total;
    const idle = now.idle - this.last.idle;
    this.last = now;
    return total <= 0 ? 0 : Math.min(1, Math.max(0, 1 - idle / total));
  }
}

function totals() {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, total };
}
