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

// thresholdKey is all thresholds on one metric or sub-metric; core/contract/plan.ts says what the fields mean. Type and
// Contains are empty where the metric is the script's own and nobody said.
type thresholdKey struct {
	Key      string `json:"key"`
	Metric   string `json:"metric"`
	Type     string `json:"type"`
	Contains string `json:"contains"`
	// Nil: the whole metric.
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

// thresholdKeys returns the thresholds by key, in the order of their keys.
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
		// Two spellings of one name are one metric, which has the thresholds of the last, as in k6.
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
		// Only to have its tags read by k6, whose type does not matter. Not in the registry, lest it counts as known.
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
		percentile := e.Percentile + 0 // makes -0 to 0
		out.Percentile = &percentile
	}
	if t.AbortGracePeriod.Valid {
		ms := float64(t.AbortGracePeriod.TimeDuration()) / float64(time.Millisecond)
		out.DelayAbortEvalMs = &ms
	}
	return out, nil
}
