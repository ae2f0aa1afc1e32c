package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/executor"
	"go.k6.io/k6/v2/metrics"
)

// request is what `k6 x fleet plan` reads.
type request struct {
	// Options are in the form that `k6 inspect` prints. Scenarios must not have been derived from shortcuts such as
	// `duration`: without a number of VUs `k6 inspect` assumes none, and `k6 run` one.
	Options json.RawMessage `json:"options"`
	Tasks   int             `json:"tasks"`
	// Metrics are the script's own metrics that are known, by name.
	Metrics map[string]metricShape `json:"metrics"`
	// TargetThresholds are by series of the target, in the form of `options.thresholds`.
	TargetThresholds map[string]metrics.Thresholds `json:"targetThresholds"`
}

type metricShape struct {
	Type     string `json:"type"`
	Contains string `json:"contains"`
}

// response is what `k6 x fleet plan` prints.
type response struct {
	Thresholds       []thresholdKey         `json:"thresholds"`
	TargetThresholds map[string][]threshold `json:"targetThresholds"`

	Sequence   string  `json:"sequence"`
	Tasks      []task  `json:"tasks"`
	DurationMs float64 `json:"durationMs"`
	// LoadMs excludes the time that iterations may take to finish gracefully.
	LoadMs float64 `json:"loadMs"`
	// PeakMs is how long the load is high.
	PeakMs float64 `json:"peakMs"`
	// VUs, and what follows, is of the whole test, before the split.
	VUs         uint64        `json:"vus"`
	MaxVUs      uint64        `json:"maxVUs"`
	Iterations  *int64        `json:"iterations"`
	ArrivalRate []arrivalRate `json:"arrivalRate"`
	Scenarios   []scenario    `json:"scenarios"`
}

func readPlan(in io.Reader) (any, error) {
	var req request
	if err := json.NewDecoder(in).Decode(&req); err != nil {
		return nil, fmt.Errorf(`stdin must be JSON of the form {"options":…,"tasks":N}: %w`, err)
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
	// Validation also fills in defaults, such as maxVUs.
	if errs := options.Scenarios.Validate(); len(errs) > 0 {
		return nil, fmt.Errorf("options: %w", errors.Join(errs...))
	}
	keys, err := thresholdKeys(options.Thresholds, req.Metrics)
	if err != nil {
		return nil, err
	}
	onTarget, err := targetThresholds(req.TargetThresholds)
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
	scenarios := scenariosOf(options.Scenarios)
	load := loadMs(scenarios)
	return &response{
		Thresholds: keys, TargetThresholds: onTarget, Sequence: split.sequence(), Tasks: split.tasks(),
		DurationMs: whole.durationMs(), LoadMs: load, PeakMs: peakMs(options.Scenarios, load),
		VUs: total.VUs, MaxVUs: total.MaxVUs, Iterations: total.Iterations,
		ArrivalRate: arrivalRates(options.Scenarios), Scenarios: scenarios,
	}, nil
}

// silent returns a logger that drops k6's warnings: k6 has printed them while reading the script.
func silent() logrus.FieldLogger {
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	return logger
}
