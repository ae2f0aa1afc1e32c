package plan

import (
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/executor"
)

// scenario is what the progress of a scenario is measured by.
type scenario struct {
	Name     string  `json:"name"`
	Executor string  `json:"executor"`
	StartMs  float64 `json:"startMs"`
	// DurationMs is the longest time, from StartMs, for which new iterations start.
	DurationMs float64 `json:"durationMs"`
	// Iterations is the number of iterations of all tasks; nil if the scenario runs for a duration instead.
	Iterations *int64 `json:"iterations"`
}

// scenariosOf returns the scenarios in the order in which k6 shows them: by start, then by name.
func scenariosOf(configs lib.ScenarioConfigs) []scenario {
	whole, _ := lib.NewExecutionTuple(nil, nil)
	scenarios := []scenario{}
	for _, config := range configs.GetSortedConfigs() {
		var iterations *int64
		switch config := config.(type) {
		case executor.SharedIterationsConfig:
			iterations = &config.Iterations.Int64
		case executor.PerVUIterationsConfig:
			total := config.GetVUs(whole) * config.GetIterations()
			iterations = &total
		}
		scenarios = append(scenarios, scenario{
			Name: config.GetName(), Executor: config.GetType(), StartMs: milliseconds(config.GetStartTime()),
			DurationMs: milliseconds(iterationsEnd(config, whole)), Iterations: iterations,
		})
	}
	return scenarios
}

// iterationsEnd returns how long after its start a scenario stops starting iterations, at the latest.
func iterationsEnd(config lib.ExecutorConfig, whole *lib.ExecutionTuple) time.Duration {
	// The requirements end with the last VU, which needs no graceful stop if the ramp goes down to zero.
	if ramp, ok := config.(executor.RampingVUsConfig); ok {
		var end time.Duration
		for _, stage := range ramp.Stages {
			end += stage.Duration.TimeDuration()
		}
		return end
	}
	end, _ := lib.GetEndOffset(config.GetExecutionRequirements(whole))
	return end - config.GetGracefulStop()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
