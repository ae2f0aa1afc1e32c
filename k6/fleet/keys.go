package fleet

import (
	"fmt"
	"math"
	"slices"
	"time"

	"go.k6.io/k6/v2/metrics"

	"k6-fleet/k6/thresholds"
)

// expectedResponseKey is the sub-metric that k6 makes by itself and shows in its summary.
const expectedResponseKey = "http_req_duration{expected_response:true}"

// keySpec is a threshold key before its metric is known.
type keySpec struct {
	name   string // such as http_req_duration{status:200}
	metric string
	// What stands between the braces; empty: the whole metric.
	selector string
	// The values that the key's percentiles are compared with, without doubles.
	pivots []float64
}

// newKeySpec reads a key and its thresholds. A key that needs no cell of its own gives nil: a whole metric's values are
// the sum of its series.
func newKeySpec(name string, ts metrics.Thresholds) (*keySpec, error) {
	canonical, metric, selector, err := thresholds.Key(name)
	if err != nil {
		return nil, err
	}
	spec := &keySpec{name: canonical, metric: metric, selector: selector}
	for _, t := range ts.Thresholds {
		e, err := thresholds.Parse(t.Source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		// Every comparison with NaN fails, save !=, which holds: nothing needs to be known of the samples.
		ranked := e.Aggregate == thresholds.Percentile || e.Aggregate == "med"
		if ranked && !math.IsNaN(e.Value) && !slices.Contains(spec.pivots, e.Value) {
			spec.pivots = append(spec.pivots, e.Value)
		}
	}
	slices.Sort(spec.pivots)
	if spec.selector == "" && len(spec.pivots) == 0 {
		return nil, nil
	}
	return spec, nil
}

// key is a threshold key whose metric is known.
type key struct {
	spec   *keySpec
	metric *metricState
	// Nil: the whole metric.
	tags *metrics.TagSet
	cell *cell
	acc  *keyAccumulator
}

// bind makes the key of a metric, with the tags as k6 itself reads them.
func (spec *keySpec) bind(m *metricState) (*key, error) {
	k := &key{spec: spec, metric: m}
	if spec.selector == "" {
		return k, nil
	}
	// Where k6 judges thresholds or sums up too, it has made this sub-metric before any sample and gets it again here.
	sub, err := m.AddSubmetric(spec.selector)
	if err != nil {
		return nil, err
	}
	k.tags = sub.Tags
	return k, nil
}

func (k *key) matches(tags *metrics.TagSet) bool {
	return k.tags == nil || tags.Contains(k.tags)
}

func (k *key) in(c *cell) *keyAccumulator {
	if k.cell != c {
		acc, ok := c.keys[k]
		if !ok {
			acc = newKeyAccumulator(k)
			c.keys[k] = acc
			c.keyOrder = append(c.keyOrder, k)
		}
		k.cell, k.acc = c, acc
	}
	return k.acc
}

// keyAccumulator folds what one key selected within one cell.
type keyAccumulator struct {
	// Nil for a whole metric.
	part   accumulator
	pivots []pivot
}

func newKeyAccumulator(k *key) *keyAccumulator {
	acc := &keyAccumulator{}
	if k.tags != nil {
		acc.part = newAccumulator(k.metric.Type)
	}
	if k.metric.Type == metrics.Trend {
		for _, v := range k.spec.pivots {
			acc.pivots = append(acc.pivots, pivot{v: v})
		}
	}
	return acc
}

func (a *keyAccumulator) add(v float64, at time.Time) {
	if a.part != nil {
		a.part.add(v, at)
	}
	for i := range a.pivots {
		a.pivots[i].add(v)
	}
}

// pivot counts samples around one value v. The sums of pivots decide a comparison of a percentile with v exactly.
type pivot struct {
	v                   float64
	below, equal, above uint64
	maxBelow, minAbove  float64
}

func (p *pivot) add(v float64) {
	switch {
	case v < p.v:
		if p.below == 0 || v > p.maxBelow {
			p.maxBelow = v
		}
		p.below++
	case v > p.v:
		if p.above == 0 || v < p.minAbove {
			p.minAbove = v
		}
		p.above++
	default:
		p.equal++
	}
}

func (p *pivot) values() Pivot {
	out := Pivot{V: Num(p.v), Below: p.below, Equal: p.equal}
	if p.below > 0 {
		n := Num(p.maxBelow)
		out.MaxBelow = &n
	}
	if p.above > 0 {
		n := Num(p.minAbove)
		out.MinAbove = &n
	}
	return out
}
