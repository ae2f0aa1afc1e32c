/**
 * When and where a group or a check was first seen: [second, task, window, place in that window]. The least of all ranks
 * is the same however tasks are merged, and puts things into the order of the script.
 */
export type FirstSeen = readonly [t: number, task: number, seq: number, place: number];

export function compareFirstSeen(a: FirstSeen, b: FirstSeen): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}

export function earlier(a: FirstSeen, b: FirstSeen): FirstSeen {
  return compareFirstSeen(b, a) < 0 ? b : a;
}
