package plan

import "testing"

func TestPeak(t *testing.T) {
	for scenarios, want := range map[string]float64{
		`{"a":{"executor":"constant-vus","vus":10,"duration":"5m"}}`: 300_000,
		// Each ramp passes 500 of 1,000 VUs at its middle.
		`{"a":{"executor":"ramping-vus","startVUs":0,"gracefulRampDown":"0s","stages":[
			{"duration":"10s","target":1000},{"duration":"110s","target":1000},{"duration":"10s","target":0}]}}`: 120_000,
		`{"low":{"executor":"constant-vus","vus":10,"duration":"10m"},
			"spike":{"executor":"constant-vus","vus":990,"startTime":"1m","duration":"2m","gracefulStop":"0s"}}`: 120_000,
		`{"a":{"executor":"constant-arrival-rate","rate":10,"duration":"1m","preAllocatedVUs":9}}`: 60_000,
		`{"a":{"executor":"shared-iterations","vus":3,"iterations":3,"maxDuration":"30s"}}`:        30_000,
	} {
		got := plan(t, scenarios, 2).PeakMs
		if diff := got - want; diff < -100 || diff > 100 {
			t.Errorf("%s: %v ms, want %v", scenarios, got, want)
		}
	}
}
