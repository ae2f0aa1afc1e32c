package fleet

import "go.k6.io/k6/v2/metrics"

const (
	// maxFailures is how many ways in which requests fail a process tells apart: the tags status and error_code can be set
	// by the script.
	maxFailures = 100
	// otherStatus stands for all others.
	otherStatus = "(other)"
)

// failureID is the tags of a failed request; empty if absent.
type failureID struct{ status, errorCode string }

type failure struct {
	id    failureID
	count uint64 // since the last take
}

// failures counts failed requests by status and error code.
type failures struct {
	byID  map[failureID]*failure
	order []*failure
}

// of returns the counter of a request with these tags. It stays valid.
func (f *failures) of(tags *metrics.TagSet) *failure {
	status, _ := tags.Get("status")
	code, _ := tags.Get("error_code")
	id := failureID{status: status, errorCode: code}
	if known, ok := f.byID[id]; ok {
		return known
	}
	if len(f.order) >= maxFailures {
		id = failureID{status: otherStatus}
		if known, ok := f.byID[id]; ok {
			return known
		}
	}
	if f.byID == nil {
		f.byID = make(map[failureID]*failure)
	}
	created := &failure{id: id}
	f.byID[id] = created
	f.order = append(f.order, created)
	return created
}

// takeFailures returns the failed requests since the last call.
func (a *aggregator) takeFailures() (taken []FailedRequests) {
	for _, f := range a.failures.order {
		if f.count > 0 {
			taken = append(taken, FailedRequests{Status: f.id.status, ErrorCode: f.id.errorCode, Count: f.count})
			f.count = 0
		}
	}
	return taken
}
