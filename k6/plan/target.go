package plan

import (
	"fmt"
	"maps"
	"slices"

	"go.k6.io/k6/v2/metrics"
)

// seriesAggregates are what a target's series can be judged by: it is a trend of its values, and a gauge too, for its
// latest value means something. It counts no events, so it has no rate.
var seriesAggregates = []string{"avg", "min", "med", "max", "p", "value", "count"}

// targetThresholds parses `options.ext.fleet.target.thresholds`, by series, as k6 parses `options.thresholds`.
func targetThresholds(all map[string]metrics.Thresholds) (map[string][]threshold, error) {
	out := map[string][]threshold{}
	for _, series := range slices.Sorted(maps.Keys(all)) {
		out[series] = []threshold{}
		for _, t := range all[series].Thresholds {
			parsed, err := newThreshold(t)
			if err == nil && !slices.Contains(seriesAggregates, parsed.Aggregate) {
				err = fmt.Errorf("threshold %q: a target's series has no %s, but avg, min, med, max, p(N), value and count",
					t.Source, parsed.Aggregate)
			}
			if err != nil {
				return nil, fmt.Errorf("options.ext.fleet.target.thresholds.%s: %w", series, err)
			}
			out[series] = append(out[series], parsed)
		}
	}
	return out, nil
}
