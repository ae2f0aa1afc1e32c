package plan

import (
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/executor"
)

// loadMs is the longest time for which new iterations start.
func loadMs(scenarios lib.ScenarioConfigs) float64 {
	et, _ := lib.NewExecutionTuple(nil, nil)
	var longest time.Duration
	for _, scenario := range scenarios {
		end, _ := lib.GetEndOffset(scenario.GetExecutionRequirements(et))
		end -= scenario.GetGracefulStop()
		// The requirements end with the last VU, which needs no graceful stop if the ramp goes down to zero.
		if ramp, ok := scenario.(executor.RampingVUsConfig); ok {
			end = 0
			for _, stage := range ramp.Stages {
				end += stage.Duration.TimeDuration()
			}
		}
		longest = max(longest, scenario.GetStartTime()+end)
	}
	return float64(longest) / float64(time.Millisecond)
}

// peakMs is how long the load is planned to be high: from when it first reaches the middle between its initial level and
// its peak, to when it falls below that for good. core/scaling/moments.ts defines the rise of the load in the same way.
// Load is measured in planned VUs; an arrival rate plans the same number from its start to its end.
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
