package plan

import (
	"fmt"
	"strings"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/executor"
)

// maxTasks bounds the length of the sequence, which is one argument of k6: 10,000 parts of 11 bytes are 110 kB, and Linux
// allows 128 KiB.
const maxTasks = 10_000

// task is one task's share of the test.
type task struct {
	Segment string `json:"segment"`
	// VUs is how many VUs k6 creates before the start, MaxVUs how many there may be.
	VUs    uint64 `json:"vus"`
	MaxVUs uint64 `json:"maxVUs"`
	// Iterations is nil if a scenario runs for a duration instead.
	Iterations *int64 `json:"iterations"`
}

// split divides scenarios into n equal segments by k6's own rules.
type split struct {
	scenarios lib.ScenarioConfigs
	n         int
	// segments is shared by all tasks: creating it takes n² steps.
	segments *lib.ExecutionSegmentSequenceWrapper
	shared   []*sharedIterations
}

func newSplit(scenarios lib.ScenarioConfigs, n int) (*split, error) {
	s := &split{scenarios: scenarios, n: n}
	sequence, err := lib.NewExecutionSegmentSequenceFromString(s.sequence())
	if err != nil {
		return nil, err
	}
	s.segments = lib.NewExecutionSegmentSequenceWrapper(sequence)
	for _, scenario := range scenarios.GetSortedConfigs() {
		if config, ok := scenario.(executor.SharedIterationsConfig); ok {
			shared, err := newSharedIterations(config, s.segments, n)
			if err != nil {
				return nil, err
			}
			s.shared = append(s.shared, shared)
		}
	}
	return s, nil
}

// edge returns the start of segment i. It is not reduced, so that 2/4 shows that there are four segments.
func (s *split) edge(i int) string {
	switch i {
	case 0:
		return "0"
	case s.n:
		return "1"
	}
	return fmt.Sprintf("%d/%d", i, s.n)
}

func (s *split) sequence() string {
	edges := make([]string, s.n+1)
	for i := range edges {
		edges[i] = s.edge(i)
	}
	return strings.Join(edges, ",")
}

func (s *split) tasks() []task {
	tasks := make([]task, s.n)
	for i := range tasks {
		tasks[i] = s.task(i)
	}
	return tasks
}

func (s *split) task(i int) task {
	tuple := s.segments.GetTuple(i)
	steps := s.scenarios.GetFullExecutionRequirements(tuple)
	return task{
		Segment: s.edge(i) + ":" + s.edge(i+1),
		VUs:     lib.GetMaxPlannedVUs(steps), MaxVUs: lib.GetMaxPossibleVUs(steps),
		Iterations: s.iterations(i, tuple),
	}
}

// durationMs is the longest time that the scenarios can take, including graceful stops.
func (s *split) durationMs() float64 {
	end, _ := lib.GetEndOffset(s.scenarios.GetFullExecutionRequirements(s.segments.GetTuple(0)))
	return milliseconds(end)
}

func (s *split) iterations(i int, tuple *lib.ExecutionTuple) *int64 {
	var sum int64
	for _, scenario := range s.scenarios {
		switch config := scenario.(type) {
		case executor.SharedIterationsConfig: // added below
		case executor.PerVUIterationsConfig:
			sum += config.GetVUs(tuple) * config.GetIterations()
		default:
			return nil
		}
	}
	for _, shared := range s.shared {
		sum += shared.of(i)
	}
	return &sum
}

// sharedIterations divides iterations as SharedIterationsConfig.GetIterations does: in proportion to VUs. That method
// divides the VUs of all tasks each time it is called, which is n³ steps for n tasks; here it happens once.
type sharedIterations struct {
	iterations int64
	segments   *lib.ExecutionSegmentSequenceWrapper
	position   []int // of each task in segments; -1 if it has no VUs, and so no iterations
}

func newSharedIterations(
	config executor.SharedIterationsConfig, segments *lib.ExecutionSegmentSequenceWrapper, n int,
) (*sharedIterations, error) {
	s := &sharedIterations{iterations: config.Iterations.Int64, position: make([]int, n)}
	next, first := 0, 0
	for i := n - 1; i >= 0; i-- {
		s.position[i] = -1
		if config.GetVUs(segments.GetTuple(i)) > 0 {
			first = i
		}
	}
	byVUs, _, err := segments.GetNewExecutionSegmentSequenceFromValue(config.VUs.Int64, first)
	if err != nil {
		return nil, err
	}
	s.segments = byVUs
	for i := first; i < n; i++ {
		if config.GetVUs(segments.GetTuple(i)) > 0 {
			s.position[i] = next
			next++
		}
	}
	return s, nil
}

// of returns the iterations of task i.
func (s *sharedIterations) of(i int) int64 {
	if s.position[i] < 0 {
		return 0
	}
	return s.segments.GetTuple(s.position[i]).ScaleInt64(s.iterations)
}

// arrivalRate is a scenario that is split by its maxVUs: if there are fewer of them than tasks, some tasks get none.
type arrivalRate struct {
	Scenario string `json:"scenario"`
	MaxVUs   int64  `json:"maxVUs"`
}

func arrivalRates(scenarios lib.ScenarioConfigs) []arrivalRate {
	rates := []arrivalRate{}
	for _, scenario := range scenarios.GetSortedConfigs() {
		switch config := scenario.(type) {
		case *executor.ConstantArrivalRateConfig:
			rates = append(rates, arrivalRate{config.GetName(), config.MaxVUs.Int64})
		case *executor.RampingArrivalRateConfig:
			rates = append(rates, arrivalRate{config.GetName(), config.MaxVUs.Int64})
		}
	}
	return rates
}
