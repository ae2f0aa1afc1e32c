package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/executor"
	"go.k6.io/k6/v2/metrics"
)

// request is what `k6 x fleet plan` reads.
type request struct {
	// As `k6 inspect` prints them. It must not have worked out the scenarios: where nobody says how many VUs, it takes none,
	// and `k6 run` takes one.
	Options json.RawMessage `json:"options"`
	Tasks   int             `json:"tasks"`
	// The script's own metrics, by name, as far as they are known.
	Metrics map[string]metricShape `json:"metrics"`
	// On the target's series, by name, in the form of `options.thresholds`.
	TargetThresholds map[string]metrics.Thresholds `json:"targetThresholds"`
}

type metricShape struct {
	Type     string `json:"type"`
	Contains string `json:"contains"`
}

// response is what it prints.
type response struct {
	Thresholds       []thresholdKey         `json:"thresholds"`
	TargetThresholds map[string][]threshold `json:"targetThresholds"`

	Sequence   string  `json:"sequence"`
	Tasks      []task  `json:"tasks"`
	DurationMs float64 `json:"durationMs"`
	// Without the time that iterations may take to end gracefully.
	LoadMs float64 `json:"loadMs"`
	// For how long the load is high.
	PeakMs float64 `json:"peakMs"`
	// Of the whole test, before the split.
	VUs         uint64        `json:"vus"`
	MaxVUs      uint64        `json:"maxVUs"`
	Iterations  *int64        `json:"iterations"`
	ArrivalRate []arrivalRate `json:"arrivalRate"`
}

func readPlan(in io.Reader) (any, error) {
	var req request
	if err := json.NewDecoder(in).Decode(&req); err != nil {
		return nil, fmt.Errorf(`JSON {"options":…,"tasks":N} was expected on stdin: %w`, err)
	}
	return makePlan(req)
}

func makePlan(req request) (*response, error) {
	if req.Tasks < 1 || req.Tasks > maxTasks {
		return nil, fmt.Errorf("tasks must be 1 to %d, got %d", maxTasks, req.Tasks)
	}
	if len(req.Options) == 0 {
		return nil, errors.New("options are missing")
	}
	var options lib.Options
	if err := json.Unmarshal(req.Options, &options); err != nil {
		return nil, fmt.Errorf("options: %w", err)
	}
	if !options.VUs.Valid {
		options.VUs.Int64 = 1
	}
	options, err := executor.DeriveScenariosFromShortcuts(options, silent())
	if err != nil {
		return nil, err
	}
	// Validation also fills in what a scenario leaves to its defaults, such as maxVUs.
	if errs := options.Scenarios.Validate(); len(errs) > 0 {
		return nil, fmt.Errorf("options: %w", errors.Join(errs...))
	}
	keys, err := thresholdKeys(options.Thresholds, req.Metrics)
	if err != nil {
		return nil, err
	}
	ofTarget, err := targetThresholds(req.TargetThresholds)
	if err != nil {
		return nil, err
	}
	split, err := newSplit(options.Scenarios, req.Tasks)
	if err != nil {
		return nil, err
	}
	whole, err := newSplit(options.Scenarios, 1)
	if err != nil {
		return nil, err
	}
	total := whole.task(0)
	return &response{
		Thresholds: keys, TargetThresholds: ofTarget, Sequence: split.sequence(), Tasks: split.tasks(),
		DurationMs: whole.durationMs(), LoadMs: loadMs(options.Scenarios), PeakMs: peakMs(options.Scenarios), VUs: total.VUs, MaxVUs: total.MaxVUs, Iterations: total.Iterations,
		ArrivalRate: arrivalRates(options.Scenarios),
	}, nil
}

// loadMs is how long new iterations start, at most.
func loadMs(scenarios lib.ScenarioConfigs) float64 {
	et, _ := lib.NewExecutionTuple(nil, nil)
	var longest time.Duration
	for _, scenario := range scenarios {
		end, _ := lib.GetEndOffset(scenario.GetExecutionRequirements(et))
		end -= scenario.GetGracefulStop()
		// It ends with its last VU, which needs no graceful stop where the ramp goes down to none.
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

// silent takes k6's warnings: it has told them when it read the script.
func silent() logrus.FieldLogger {
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	return logger
}
