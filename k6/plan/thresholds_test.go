package plan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func withTarget(thresholds string) string {
	return fmt.Sprintf(`{"options":{},"tasks":1,"targetThresholds":%s}`, thresholds)
}

func TestTargetThresholds(t *testing.T) {
	for thresholds, want := range map[string]string{
		`null`:       `{}`,
		`{}`:         `{}`,
		`{"cpu":[]}`: `{"cpu":[]}`,
		`{"running":["min>=2"],"cpu":["p(95)<=9e1",{"threshold":" value < 80 ","abortOnFail":true,"delayAbortEval":"1m"}]}`: `{"cpu":[` +
			`{"source":"p(95)<=9e1","aggregate":"p","percentile":95,"operator":"<=","value":90,"abortOnFail":false,"delayAbortEvalMs":null},` +
			`{"source":" value < 80 ","aggregate":"value","operator":"<","value":80,"abortOnFail":true,"delayAbortEvalMs":60000}],` +
			`"running":[{"source":"min>=2","aggregate":"min","operator":">=","value":2,"abortOnFail":false,"delayAbortEvalMs":null}]}`,
	} {
		answer, err := readPlan(strings.NewReader(withTarget(thresholds)))
		if err != nil {
			t.Errorf("%s: %v", thresholds, err)
			continue
		}
		var out strings.Builder
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(answer.(*response).TargetThresholds); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(out.String()); got != want {
			t.Errorf("%s gave %s\nwant %s", thresholds, got, want)
		}
	}
}

func TestTargetThresholdsHaveEveryAggregateExceptRate(t *testing.T) {
	for _, aggregate := range []string{"avg", "min", "med", "max", "p(0)", "p(99.9)", "value", "count"} {
		if _, err := readPlan(strings.NewReader(withTarget(`{"cpu":["` + aggregate + `<1"]}`))); err != nil {
			t.Errorf("%s: %v", aggregate, err)
		}
	}
}

func TestTargetThresholdsRejects(t *testing.T) {
	where := `options.ext.fleet.target.thresholds.cpu: threshold `
	for thresholds, want := range map[string]string{
		`{"cpu":["rate<1"]}`:                where + `"rate<1": a series of the target has no rate; use avg, min, med, max, p(N), value or count`,
		`{"a":["max<1"],"cpu":["max<90%"]}`: where + `"max<90%": "90%" is not a number`,
		`{"cpu":["90"]}`:                    where + `"90": expected an aggregate, an operator and a value, such as p(95)<500`,
		`{"cpu":["p95<90"]}`:                where + `"p95<90": unknown aggregate "p95"; use value, count, rate, avg, min, med, max or p(N)`,
		`{"cpu":[{"threshold":"max<90","abortOnFail":true,"delayAbortEval":"soon"}]}`: `stdin must be JSON of the form {"options":…,"tasks":N}`,
	} {
		answer, err := readPlan(strings.NewReader(withTarget(thresholds)))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s gave %v, %v; want the error %s", thresholds, answer, err, want)
		}
	}
}
