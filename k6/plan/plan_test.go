package plan

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/executor"
)

func plan(t *testing.T, scenarios string, tasks int) *response {
	t.Helper()
	answer, err := readPlan(strings.NewReader(fmt.Sprintf(`{"options":{"scenarios":%s},"tasks":%d}`, scenarios, tasks)))
	if err != nil {
		t.Fatal(err)
	}
	return answer.(*response)
}

func TestPlanOfEachExecutor(t *testing.T) {
	count := func(n int64) *int64 { return &n }
	for name, test := range map[string]struct {
		scenario   string
		vus, max   uint64
		iterations *int64
		durationMs float64
		striped    int64
	}{
		"shared iterations": {
			`{"executor":"shared-iterations","vus":10,"iterations":101,"maxDuration":"1m"}`, 10, 10, count(101), 90_000, 0,
		},
		"per VU iterations": {
			`{"executor":"per-vu-iterations","vus":10,"iterations":7,"gracefulStop":"0s"}`, 10, 10, count(70), 600_000, 0,
		},
		"constant VUs": {`{"executor":"constant-vus","vus":10,"duration":"10s","startTime":"5s"}`, 10, 10, nil, 45_000, 0},
		"ramping VUs": {
			`{"executor":"ramping-vus","stages":[{"duration":"10s","target":25},{"duration":"10s","target":0}]}`, 25, 25, nil, 50_000, 0,
		},
		"constant arrival rate, maxVUs by default": {
			`{"executor":"constant-arrival-rate","rate":10,"duration":"10s","preAllocatedVUs":9}`, 9, 9, nil, 40_000, 9,
		},
		"ramping arrival rate": {
			`{"executor":"ramping-arrival-rate","preAllocatedVUs":5,"maxVUs":50,"stages":[{"duration":"10s","target":25}]}`,
			5, 50, nil, 40_000, 50,
		},
	} {
		for _, n := range []int{1, 2, 3, 7, 30} {
			got := plan(t, `{"it":`+test.scenario+`}`, n)
			var vus, maxVUs uint64
			var iterations int64
			for _, task := range got.Tasks {
				vus += task.VUs
				maxVUs += task.MaxVUs
				if (task.Iterations == nil) != (test.iterations == nil) {
					t.Fatalf("%s: a task's iterations are %v", name, task.Iterations)
				}
				if task.Iterations != nil {
					iterations += *task.Iterations
				}
			}
			if got.VUs != test.vus || got.MaxVUs != test.max || vus != test.vus || maxVUs != test.max || len(got.Tasks) != n {
				t.Errorf("%s over %d: %d of %d VUs, %d of %d at most", name, n, vus, got.VUs, maxVUs, got.MaxVUs)
			}
			if !reflect.DeepEqual(got.Iterations, test.iterations) || test.iterations != nil && iterations != *test.iterations {
				t.Errorf("%s over %d: %d iterations", name, n, iterations)
			}
			if got.DurationMs != test.durationMs {
				t.Errorf("%s: %v ms, want %v", name, got.DurationMs, test.durationMs)
			}
			striped := []arrivalRate{}
			if test.striped > 0 {
				striped = append(striped, arrivalRate{"it", test.striped})
			}
			if !reflect.DeepEqual(got.ArrivalRate, striped) {
				t.Errorf("%s: %v is striped", name, got.ArrivalRate)
			}
		}
	}
}

func TestPlanOfMixedScenarios(t *testing.T) {
	got := plan(t, `{
		"b":{"executor":"shared-iterations","vus":3,"iterations":10},
		"a":{"executor":"shared-iterations","vus":1,"iterations":4},
		"c":{"executor":"per-vu-iterations","vus":2,"iterations":5}}`, 2)
	text, err := json.Marshal(struct {
		Sequence string
		Tasks    []task
	}{got.Sequence, got.Tasks})
	want := `{"Sequence":"0,1/2,1","Tasks":[{"segment":"0:1/2","vus":4,"maxVUs":4,"iterations":16},` +
		`{"segment":"1/2:1","vus":2,"maxVUs":2,"iterations":8}]}`
	if err != nil || string(text) != want {
		t.Errorf("got  %s, %v\nwant %s", text, err, want)
	}
}

// sharedIterations must give every task what k6 gives it.
func TestSharedIterationsMatchK6(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n := 1 + random.IntN(40)
		config := executor.NewSharedIterationsConfig("it")
		config.VUs.Int64 = 1 + random.Int64N(100)
		config.Iterations.Int64 = config.VUs.Int64 + random.Int64N(1000)
		split, err := newSplit(lib.ScenarioConfigs{"it": config}, n)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if got, want := split.shared[0].of(i), config.GetIterations(split.segments.GetTuple(i)); got != want {
				t.Fatalf("%d iterations by %d VUs: task %d of %d has %d, want %d",
					config.Iterations.Int64, config.VUs.Int64, i, n, got, want)
			}
		}
	}
}

func TestSegmentsMatchK6(t *testing.T) {
	split, err := newSplit(lib.ScenarioConfigs{}, 6)
	if err != nil {
		t.Fatal(err)
	}
	sequence, err := lib.NewExecutionSegmentSequenceFromString(split.sequence())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		segment, err := lib.NewExecutionSegmentFromString(split.task(i).Segment)
		if err != nil {
			t.Fatal(err)
		}
		tuple, err := lib.NewExecutionTuple(segment, &sequence)
		if err != nil || tuple.SegmentIndex != i {
			t.Errorf("segment %d is at %+v, %v", i, tuple, err)
		}
	}
}

// As in `k6 run`, there is one VU if no option gives a number.
func TestPlanOfShortcuts(t *testing.T) {
	count := func(n int64) *int64 { return &n }
	for options, want := range map[string]task{
		`{}`:                        {VUs: 1, MaxVUs: 1, Iterations: count(1)},
		`{"iterations":3}`:          {VUs: 1, MaxVUs: 1, Iterations: count(3)},
		`{"vus":2,"iterations":3}`:  {VUs: 2, MaxVUs: 2, Iterations: count(3)},
		`{"vus":2}`:                 {VUs: 2, MaxVUs: 2, Iterations: count(2)},
		`{"duration":"1s"}`:         {VUs: 1, MaxVUs: 1},
		`{"vus":2,"duration":"1s"}`: {VUs: 2, MaxVUs: 2},
		`{"stages":[{"duration":"1s","target":0}]}`: {VUs: 1, MaxVUs: 1},
	} {
		answer, err := readPlan(strings.NewReader(`{"options":` + options + `,"tasks":1}`))
		if err != nil {
			t.Errorf("%s: %v", options, err)
			continue
		}
		want.Segment = "0:1"
		if got := answer.(*response).Tasks[0]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s gave %+v, want %+v", options, got, want)
		}
	}
}

func TestPlanRejects(t *testing.T) {
	for input, want := range map[string]string{
		``:                             `stdin must be JSON of the form {"options":…,"tasks":N}`,
		`[]`:                           `stdin must be JSON of the form {"options":…,"tasks":N}`,
		`{"tasks":1}`:                  `options are missing`,
		`{"options":{}}`:               `tasks must be 1 to 10000, got 0`,
		`{"options":{},"tasks":10001}`: `tasks must be 1 to 10000, got 10001`,
		`{"options":{"scenarios":{"a":{"executor":"x"}}},"tasks":1}`:                    `options: `,
		`{"options":{"scenarios":{"a":{"executor":"constant-vus","vus":1}}},"tasks":1}`: `options: `,
		`{"options":` + withThresholds(`"vus":["p(95)"]`) + `,"tasks":1}`:               `vus: threshold "p(95)": expected an aggregate, an operator and a value`,
		`{"options":` + withThresholds(`"vus{":["value>1"]`) + `,"tasks":1}`:            `parsing metric name failed`,
	} {
		if answer, err := readPlan(strings.NewReader(input)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s gave %v, %v; want the error %s", input, answer, err, want)
		}
	}
}

func withThresholds(thresholds string) string {
	return `{"scenarios":{"a":{"executor":"shared-iterations"}},"thresholds":{` + thresholds + `}}`
}

func TestThresholdKeys(t *testing.T) {
	answer, err := readPlan(strings.NewReader(`{"tasks":1,
		"metrics":{"mine":{"type":"trend","contains":"data"}},
		"options":` + withThresholds(`
			"mine{ a : b, 'c':\"d:e\" }":["p<-inf"],
			"http_reqs":[{"threshold":"rate>0x10p0","abortOnFail":true,"delayAbortEval":"1m"}, {"threshold":"count>1","abortOnFail":true}],
			"unknown":["p(-0)==nan"],
			"checks":[]`) + `}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(answer.(*response).Thresholds)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), `"percentile":-0`) {
		t.Error("a percentile is -0")
	}
	want := `[
		{"key":"checks","metric":"checks","type":"rate","contains":"default","tags":null,"thresholds":[]},
		{"key":"http_reqs","metric":"http_reqs","type":"counter","contains":"default","tags":null,"thresholds":[
			{"source":"rate>0x10p0","aggregate":"rate","operator":">","value":16,"abortOnFail":true,"delayAbortEvalMs":60000},
			{"source":"count>1","aggregate":"count","operator":">","value":1,"abortOnFail":true,"delayAbortEvalMs":null}]},
		{"key":"mine{a : b, 'c':\"d:e\"}","metric":"mine","type":"trend","contains":"data","tags":{"a":"b","c":"d:e"},"thresholds":[
			{"source":"p<-inf","aggregate":"p","percentile":0,"operator":"<","value":"-Inf","abortOnFail":false,"delayAbortEvalMs":null}]},
		{"key":"unknown","metric":"unknown","type":"","contains":"","tags":null,"thresholds":[
			{"source":"p(-0)==nan","aggregate":"p","percentile":0,"operator":"==","value":"NaN","abortOnFail":false,"delayAbortEvalMs":null}]}]`
	var got, expected any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &expected); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestThousandsOfTasks(t *testing.T) {
	got := plan(t, `{"a":{"executor":"shared-iterations","vus":4999,"iterations":12345},
		"b":{"executor":"per-vu-iterations","vus":7001,"iterations":2}}`, 5000)
	var iterations int64
	for _, task := range got.Tasks {
		iterations += *task.Iterations
	}
	if iterations != 12345+14002 {
		t.Errorf("%d iterations", iterations)
	}
}
