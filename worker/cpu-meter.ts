import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Shares of the CPU that a task may use, 0 to 1. */
export interface CpuUse {
  /** In use, by whomever. */
  busy: number;
  /** In use by the worker and its k6; null: not known on this system. */
  own: number | null;
}

/** Measures the use of the CPU between calls. */
export interface CpuMeter {
  read(): CpuUse;
}

/**
 * @param limit how many processors the task has to itself, such as 0.5; null: it shares all of the machine's
 * @param k6Pids the k6 processes of this worker that run now; asked at each reading
 */
export function cpuMeter(limit: number | null, k6Pids: () => number[]): CpuMeter {
  if (ticksOf('self') === null) return new MachineCpu(null);
  if (limit === null) return new MachineCpu(new TaskCpu(cpus().length, k6Pids));
  const task = new TaskCpu(limit, k6Pids);
  return {
    read: () => {
      const used = task.read();
      return { busy: used, own: used };
    },
  };
}

const share = (value: number) => Math.min(1, Math.max(0, value));

/** On one machine all tasks, and perhaps the target too, share the CPUs: a single task's own use would say little. */
class MachineCpu implements CpuMeter {
  private last = machineTimes();

  constructor(private readonly own: TaskCpu | null) {}

  read(): CpuUse {
    const now = machineTimes();
    const total = now.total - this.last.total;
    const idle = now.idle - this.last.idle;
    this.last = now;
    return { busy: total <= 0 ? 0 : share(1 - idle / total), own: this.own?.read() ?? null };
  }
}

function machineTimes() {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, total };
}

/** The time of this worker and of its k6 processes, as a share of what so many processors give. */
class TaskCpu {
  private last = timesOf([]); // before there is any k6

  constructor(
    private readonly limit: number,
    private readonly k6Pids: () => number[],
  ) {}

  read(): number {
    const now = timesOf(this.k6Pids());
    const wallMs = now.at - this.last.at;
    const usedMs = now.usedMs - this.last.usedMs;
    this.last = now;
    return wallMs <= 0 ? 0 : share(usedMs / (wallMs * this.limit));
  }
}

function timesOf(k6Pids: number[]) {
  const self = ticksOf('self');
  let ticks = (self?.own ?? 0) + (self?.ended ?? 0);
  for (const pid of k6Pids) ticks += ticksOf(pid)?.own ?? 0;
  return { at: performance.now(), usedMs: ticks * TICK_MS };
}

/** USER_HZ is 100 on every architecture that Node runs on. */
const TICK_MS = 10;

/**
 * CPU time of a process, and that of its children that have ended, in ticks; null where there is no such file.
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function ticksOf(pid: number | 'self'): { own: number; ended: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, second of the fields, may hold blanks and parentheses; after it comes the third.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15).map(Number);
    return { own: utime + stime, ended: cutime + cstime };
  } catch {
    return null;
  }
}
