package plan

import (
	"encoding/json"
	"testing"
)

func TestScenarios(t *testing.T) {
	got := plan(t, `{
		"shared":{"executor":"shared-iterations","vus":10,"iterations":101,"maxDuration":"1m"},
		"each":{"executor":"per-vu-iterations","vus":10,"iterations":7,"startTime":"5s"},
		"vus":{"executor":"constant-vus","vus":10,"duration":"10s","startTime":"2s"},
		"ramp":{"executor":"ramping-vus","stages":[{"duration":"10s","target":25},{"duration":"10s","target":0}]}}`, 2)
	text, err := json.Marshal(got.Scenarios)
	want := `[{"name":"ramp","executor":"ramping-vus","startMs":0,"durationMs":20000,"iterations":null},` +
		`{"name":"shared","executor":"shared-iterations","startMs":0,"durationMs":60000,"iterations":101},` +
		`{"name":"vus","executor":"constant-vus","startMs":2000,"durationMs":10000,"iterations":null},` +
		`{"name":"each","executor":"per-vu-iterations","startMs":5000,"durationMs":600000,"iterations":70}]`
	if err != nil || string(text) != want {
		t.Errorf("got  %s, %v\nwant %s", text, err, want)
	}
	if got.LoadMs != 605_000 {
		t.Errorf("new iterations start for %v ms, want 605000", got.LoadMs)
	}
}
