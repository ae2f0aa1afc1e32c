package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"go.k6.io/k6/v2/metrics"

	"k6-fleet/k6/num"
	"k6-fleet/k6/thresholds"
)

// thresholdKey holds all thresholds on one metric or sub-metric; core/contract/plan.ts documents the fields. Type and
// Contains are empty for a metric of the script that the request does not describe.
type thresholdKey struct {
	Key      string `json:"key"`
	Metric   string `json:"metric"`
	Type     string `json:"type"`
	Contains string `json:"contains"`
	// Tags is nil for the whole metric.
	Tags       map[string]string `json:"tags"`
	Thresholds []threshold       `json:"thresholds"`
}

type threshold struct {
	Source           string   `json:"source"`
	Aggregate        string   `json:"aggregate"`
	Percentile       *float64 `json:"percentile,omitempty"`
	Operator         string   `json:"operator"`
	Value            num.Num  `json:"value"`
	AbortOnFail      bool     `json:"abortOnFail"`
	DelayAbortEvalMs *float64 `json:"delayAbortEvalMs"`
}

// thresholdKeys returns the thresholds by key, sorted by name.
func thresholdKeys(all map[string]metrics.Thresholds, shapes map[string]metricShape) ([]thresholdKey, error) {
	registry := metrics.NewRegistry()
	metrics.RegisterBuiltinMetrics(registry)
	keys := []thresholdKey{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		key, err := newThresholdKey(name, registry, shapes)
		if err != nil {
			return nil, err
		}
		for _, t := range all[name].Thresholds {
			parsed, err := newThreshold(t)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			key.Thresholds = append(key.Thresholds, parsed)
		}
		// If a name is spelled in two ways the thresholds of the last one count, as in k6.
		keys = slices.DeleteFunc(keys, func(k thresholdKey) bool { return k.Key == key.Key })
		keys = append(keys, key)
	}
	return keys, nil
}

func newThresholdKey(name string, registry *metrics.Registry, shapes map[string]metricShape) (thresholdKey, error) {
	canonical, metricName, selector, err := thresholds.Key(name)
	if err != nil {
		return thresholdKey{}, err
	}
	key := thresholdKey{Key: canonical, Metric: metricName, Thresholds: []threshold{}}
	metric := registry.Get(metricName)
	if metric != nil {
		key.Type, key.Contains = metric.Type.String(), metric.Contains.String()
	} else {
		shape := shapes[metricName]
		key.Type, key.Contains = shape.Type, shape.Contains
		// Used only to have k6 parse its tags, for which the type does not matter. It must not be in the registry, where it
		// would count as known.
		if metric, err = metrics.NewRegistry().NewMetric(metricName, metrics.Trend); err != nil {
			return thresholdKey{}, err
		}
	}
	if canonical != metricName {
		sub, err := metric.AddSubmetric(selector)
		if err != nil {
			return thresholdKey{}, err
		}
		key.Tags = sub.Tags.Map()
	}
	return key, nil
}

func newThreshold(t *metrics.Threshold) (threshold, error) {
	e, err := thresholds.Parse(t.Source)
	if err != nil {
		return threshold{}, err
	}
	out := threshold{
		Source: t.Source, Aggregate: e.Aggregate, Operator: e.Operator, Value: num.Num(e.Value), AbortOnFail: t.AbortOnFail,
	}
	if e.Aggregate == thresholds.Percentile {
		percentile := e.Percentile + 0 // turns -0 into 0
		out.Percentile = &percentile
	}
	if t.AbortGracePeriod.Valid {
		ms := float64(t.AbortGracePeriod.TimeDuration()) / float64(time.Millisecond)
		out.DelayAbortEvalMs = &ms
	}
	return out, nil
}

// seriesAggregates are the aggregates of a target's series, which is a trend of its values and, because its latest value
// matters, a gauge. It counts no events, so it has no rate.
var seriesAggregates = []string{"avg", "min", "med", "max", "p", "value", "count"}

// targetThresholds parses `options.ext.fleet.target.thresholds` by series, as k6 parses `options.thresholds`.
func targetThresholds(all map[string]metrics.Thresholds) (map[string][]threshold, error) {
	out := map[string][]threshold{}
	for _, series := range slices.Sorted(maps.Keys(all)) {
		out[series] = []threshold{}
		for _, t := range all[series].Thresholds {
			parsed, err := newThreshold(t)
			if err == nil && !slices.Contains(seriesAggregates, parsed.Aggregate) {
				err = fmt.Errorf("threshold %q: a series of the target has no %s; use avg, min, med, max, p(N), value or count",
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
