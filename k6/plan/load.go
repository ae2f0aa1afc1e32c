package plan

import (
	"time"

	"go.k6.io/k6/v2/lib"
)

// loadMs is the longest time for which new iterations start.
func loadMs(scenarios []scenario) float64 {
	var longest float64
	for _, s := range scenarios {
		longest = max(longest, s.StartMs+s.DurationMs)
	}
	return longest
}

// peakMs is how long the load is planned to be high: from when it first reaches the middle between its initial level and
// its peak, to when it falls below that for good. core/scaling/moments.ts defines the rise of the load in the same way.
// Load is measured in planned VUs; an arrival rate plans the same number from its start to its end.
func peakMs(scenarios lib.ScenarioConfigs, loadMs float64) float64 {
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
	end := time.Duration(loadMs * float64(time.Millisecond))
	return milliseconds(max(0, min(fell, end)-rose))
}
