import type { Phase } from '../../core/contract/control.ts';

const BEFORE_LOAD = 'stopping the run before its load';

const NOTICES: Readonly<Record<Phase, string>> = {
  launching: BEFORE_LOAD,
  setup: 'interrupting setup(); no load and no teardown() follow',
  arming: BEFORE_LOAD,
  running: 'stopping the run gracefully',
  stopping: 'the run is stopping already',
  teardown: 'teardown() is running to its end, then the run ends',
  summary: 'interrupting handleSummary()',
  observing: 'no longer observing the target; the run ends',
  finished: 'the run has ended; its result is being written',
};

/** What a request to stop does in this phase, as part of a sentence. @param phase null: not known yet */
export const stopNotice = (phase: Phase | null): string => NOTICES[phase ?? 'launching'];
