package fleet

import (
	"fmt"
	"math"
	"slices"
	"time"

	"go.k6.io/k6/v2/metrics"

	"k6-fleet/k6/thresholds"
)

// expectedResponseKey is the sub-metric that k6 itself creates and shows in its summary.
const expectedResponseKey = "http_req_duration{expected_response:true}"

// keySpec is a threshold key before its metric is known.
type keySpec struct {
	name   string // such as http_req_duration{status:200}
	metric string
	// selector is what is between the braces; empty for the whole metric.
	selector string
	// pivots are the values that the key's percentiles are compared with, sorted and distinct.
	pivots []float64
}

// newKeySpec parses a key and its thresholds. It returns nil for a key that needs no cell of its own: the values of a
// whole metric are the sum of its series.
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
		// Comparisons with NaN do not depend on the samples: all fail except !=, which holds.
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
	tags   *metrics.TagSet // nil for the whole metric
	// The cell of the latest sample, and its accumulator: most samples go to the same cell as the one before.
	cell *cell
	acc  *keyAccumulator
}

// bind returns the key of a metric, with its tags parsed by k6 itself.
func (spec *keySpec) bind(m *metricState) (*key, error) {
	k := &key{spec: spec, metric: m}
	if spec.selector == "" {
		return k, nil
	}
	// If k6 itself evaluates thresholds or a summary, it has created this sub-metric already and returns the same one.
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

// in returns the accumulator of this key in a cell.
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

// keyAccumulator adds up the samples that one key selected in one cell.
type keyAccumulator struct {
	part   accumulator // nil for a whole metric
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

// pivot counts samples around the value v. Pivots of several cells or tasks, added up, decide exactly how a percentile
// compares with v.
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
