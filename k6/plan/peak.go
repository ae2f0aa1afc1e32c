package plan

import (
	"time"

	"go.k6.io/k6/v2/lib"
)

// peakMs is for how long the load is planned to be high: from when it first passes half of the way from its initial
// level to its peak, to when it falls below that for good; what core/target/moments.ts takes for the load's rise. Load
// is counted in planned VUs: those of an arrival rate are planned from its start to its end.
func peakMs(scenarios lib.ScenarioConfigs) float64 {
	et, _ := lib.NewExecutionTuple(nil, nil)
	steps := scenarios.GetFullExecutionRequirements(et)
	peak := lib.GetMaxPlannedVUs(steps)
	if peak == 0 {
		return 0
	}
	initial := steps[0].PlannedVUs
	if 2*initial > peak {
		initial = 0
	}
	rose, fell := time.Duration(-1), time.Duration(0)
	for i, step := range steps {
		if 2*step.PlannedVUs < peak+initial {
			continue
		}
		if rose < 0 {
			rose = step.TimeOffset
		}
		fell = step.TimeOffset
		if i+1 < len(steps) {
			fell = steps[i+1].TimeOffset
		}
	}
	end := time.Duration(loadMs(scenarios) * float64(time.Millisecond))
	return float64(max(0, min(fell, end)-rose)) / float64(time.Millisecond)
}
